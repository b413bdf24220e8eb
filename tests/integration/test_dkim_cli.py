"""digest dkim: a key made by command signs what dkimpy then verifies with the printed record."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dkim
import pytest

from digest.deliver.dkim_keys import load_signer
from digest.deliver.settings import DkimSettings
from digest.model.delivery import Message

Digest = Callable[..., Any]


def test_the_printed_record_verifies_what_the_key_signs(digest: Digest, make_config: Any, tmp_path: Path) -> None:
    config = make_config()
    made = digest("dkim", "create", "--json").json
    assert made["record"]["name"] == "digest._domainkey.probe.example"
    assert made["record"]["type"] == "TXT"
    key_file = tmp_path / "var" / "dkim.pem"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600

    # What it says belongs into the settings is all that is needed.
    config.write_text(f"{config.read_text('utf-8')}\n{made['settings']}\n", "utf-8")
    assert tomllib.loads(made["settings"])["dkim"]["key_file"] == "var/dkim.pem"
    shown = digest("dkim", "show", "--json")
    assert shown.json == made
    assert shown.stderr == ""

    signer = load_signer(DkimSettings(domain="probe.example", selector="digest", key_file=str(key_file)), "config.toml")
    assert signer is not None
    data = b"From: a@probe.example\r\nSubject: x\r\n\r\nGuten Morgen\r\n"
    signed = signer.sign(Message(mail_from="", rcpt_to="", message_id="", data=data))
    records = {f"{made['record']['name']}.".encode(): "".join(made["record"]["strings"]).encode()}
    assert dkim.verify(signed.data, dnsfunc=lambda name, **_: records[name])


def test_people_read_a_record_a_zone_line_and_the_settings(digest: Digest, make_config: Any, tmp_path: Path) -> None:
    make_config()
    ran = digest("dkim", "create", "--domain", "büro.probe.example", "--selector", "d2", "--out", tmp_path / "x.pem")
    assert ran.exit_code == 0
    assert "name   d2._domainkey.xn--bro-hoa.probe.example\n" in ran.stdout
    assert 'd2._domainkey.xn--bro-hoa.probe.example. IN TXT ( "v=DKIM1; k=rsa; p=' in ran.stdout
    assert '[dkim]\ndomain = "xn--bro-hoa.probe.example"\nselector = "d2"\nkey_file = "x.pem"\n' in ran.stdout
    assert "PRIVATE" not in ran.stdout + ran.stderr


def test_a_key_is_overwritten_only_when_told(digest: Digest, make_config: Any, tmp_path: Path) -> None:
    make_config()
    digest("dkim", "create")
    key_file = tmp_path / "var" / "dkim.pem"
    first = key_file.read_bytes()
    ran = digest("dkim", "create")
    assert ran.exit_code == 2
    assert str(key_file) in ran.stderr
    assert "--yes" in ran.stderr
    assert key_file.read_bytes() == first
    assert digest("dkim", "create", "--yes").exit_code == 0
    assert key_file.read_bytes() != first


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "--domain", "other.example"), "does not cover site.sender morgen@probe.example"),
        (("create", "--domain", "a b"), "'a b' is no domain"),
        (("create", "--selector", "a b"), "selector must be letters"),
        (("create", "--out", "."), "is a directory"),
        (("show",), "is not set; run `digest dkim create`"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(
    digest: Digest, make_config: Any, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    make_config()
    ran = digest("dkim", *arguments)
    assert ran.exit_code == 2
    assert words in ran.stderr
    assert ran.stdout == ""
    assert list(tmp_path.rglob("*.pem")) == []


def test_a_newsletters_own_sender_has_to_be_covered_too(digest: Digest, make_config: Any) -> None:
    make_config({"sender": "brief@anders.example"})
    ran = digest("dkim", "create")
    assert ran.exit_code == 2
    assert "newsletters.morgen.sender brief@anders.example" in ran.stderr


def test_settings_that_name_no_key_are_said_to_be_wrong(digest: Digest, make_config: Any) -> None:
    make_config(dkim={"domain": "probe.example", "selector": "digest", "key_file": "no.pem"})
    ran = digest("dkim", "show")
    assert ran.exit_code == 2
    assert "no.pem does not exist" in ran.stderr
