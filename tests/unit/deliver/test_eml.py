"""One file per message: its very bytes, under a name that is safe, or nothing at all."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.deliver.backends import make_backend
from digest.deliver.eml import EmlBackend
from digest.deliver.settings import DeliverySettings
from digest.errors import PausedError
from digest.model.delivery import DeliveryState, Message, Outcome

DATA = b"From: a@news.example\r\nSubject: x\r\n\r\n..Guten Morgen\r\n"


def message(message_id: str, data: bytes = DATA) -> Message:
    return Message(mail_from="b@news.example", rcpt_to="a@news.example", message_id=message_id, data=data)


def submit(path: Path, *messages: Message) -> list[Outcome]:
    async def run() -> list[Outcome]:
        backend = EmlBackend(DeliverySettings(path=str(path)), {})
        connections = [backend.connect() for _ in messages]
        outcomes = await asyncio.gather(*(c.submit(m) for c, m in zip(connections, messages, strict=True)))
        for connection in connections:
            await connection.close()
        return list(outcomes)

    return asyncio.run(run())


def test_a_file_per_message_with_its_very_bytes(tmp_path: Path) -> None:
    outbox = tmp_path / "a" / "outbox"
    outcomes = submit(outbox, message("<1.a@news.example>"), message("<2.b@news.example>", DATA * 2))
    assert {outcome.state for outcome in outcomes} == {DeliveryState.SUBMITTED}
    stored = {file.name: file.read_bytes() for file in outbox.iterdir()}
    assert stored == {outcomes[0].reply: DATA, outcomes[1].reply: DATA * 2}
    assert outcomes[0].reply.startswith("1.a@news.example.")
    assert outcomes[0].reply.endswith(".eml")
    assert {stat.S_IMODE(file.stat().st_mode) for file in outbox.iterdir()} == {0o600}


def test_a_second_copy_replaces_the_first(tmp_path: Path) -> None:
    assert submit(tmp_path, message("<1@a>")) == submit(tmp_path, message("<1@a>"))
    assert len(list(tmp_path.iterdir())) == 1


@given(st.text(max_size=200))
@example("<../../etc/passwd>")
@example("<.hidden>")
@example("")
def test_every_name_stays_in_the_folder(tmp_path_factory: pytest.TempPathFactory, message_id: str) -> None:
    outbox = tmp_path_factory.mktemp("eml") / "outbox"
    (outcome,) = submit(outbox, message(message_id))
    assert [str(file.relative_to(outbox.parent)) for file in outbox.parent.rglob("*.eml")] == [
        f"outbox/{outcome.reply}"
    ]
    assert not outcome.reply.startswith(".")


def test_a_folder_that_cannot_be_written_pauses(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(PausedError, match=r"outbox cannot be written"):
        submit(tmp_path / "outbox", message("<1@a>"))


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    (name,) = (outcome.reply for outcome in submit(tmp_path, message("<1@a>")))
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(PausedError):
        submit(tmp_path, message("<1@a>"))
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_it_may_be_used_under_a_sample_imprint(tmp_path: Path) -> None:
    backend = make_backend(DeliverySettings(backend="eml", path=str(tmp_path)), {}, sample_imprint=True)
    assert isinstance(backend, EmlBackend)
    assert backend.where() == str(tmp_path)
