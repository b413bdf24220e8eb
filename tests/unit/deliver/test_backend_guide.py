"""The example of docs/adding-a-backend.md, installed and sent with, as its reader would do."""

from __future__ import annotations

import asyncio
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.deliver.backends import make_backend
from digest.deliver.ledger_memory import MemoryLedger
from digest.deliver.loop import Counts, send_all
from digest.deliver.settings import DeliverySettings
from digest.errors import PausedError
from digest.model.delivery import Claim, DeliveryState, Message, Recipient

GUIDE = Path(__file__).parents[3] / "docs" / "adding-a-backend.md"
NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)

#: A sendmail that keeps what it is given, and knows what becomes of whom.
SENDMAIL = """#!/bin/sh
for address; do :; done
case "$address" in
  unknown@*) echo "no such user" >&2; exit 67;;
  later@*) exit 75;;
  broken@*) kill -9 $$;;
esac
cat > "$(dirname "$0")/$address.eml"
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The guide's package, installed, and a sendmail for it."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    blocks: dict[str, str] = dict(found)
    (tmp_path / "digest_sendmail.py").write_text(blocks["python"], encoding="utf-8")
    project = tomllib.loads(blocks["toml"])["project"]
    metadata = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = project["entry-points"].items()
    lines = [line for group, names in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in names.items()))]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    program = tmp_path / "sendmail"
    program.write_text(SENDMAIL)
    program.chmod(0o755)
    return program


def recipient(address: str) -> Recipient:
    return Recipient(
        address=address, handle="0" * 16, name="", form="du", greeting="", subject="", choice=b"", coins=()
    )


def build(claim: Claim) -> Message:
    data = b"Subject: x\r\n\r\nGuten Morgen\r\n"
    return Message(mail_from="b@news.example", rcpt_to=claim.recipient.address, message_id="<1@x>", data=data)


def test_the_guides_backend_is_found_and_sends(program: Path) -> None:
    backend = make_backend(DeliverySettings(backend="sendmail"), {"SENDMAIL": str(program)}, sample_imprint=False)
    names = ("anna", "unknown", "later", "broken", "bert")
    ledger = MemoryLedger(recipient(f"{name}@news.example") for name in names)
    counts = asyncio.run(send_all(ledger, backend, build, lambda: NOW))
    assert counts == Counts(submitted=2, deferred=1, rejected=1, unknown=1)
    assert ledger.rows[2].reply == "no such user"
    assert {file.name for file in program.parent.glob("*.eml")} == {"anna@news.example.eml", "bert@news.example.eml"}
    assert (program.parent / "anna@news.example.eml").read_bytes() == b"Subject: x\n\nGuten Morgen\n"


def test_the_guides_backend_pauses_where_its_program_is_missing(program: Path) -> None:
    program.unlink()
    backend = make_backend(DeliverySettings(backend="sendmail"), {"SENDMAIL": str(program)}, sample_imprint=False)
    ledger = MemoryLedger([recipient("anna@news.example")])
    with pytest.raises(PausedError, match="cannot be run"):
        asyncio.run(send_all(ledger, backend, build, lambda: NOW))
    assert ledger.count(DeliveryState.QUEUED) == 1
