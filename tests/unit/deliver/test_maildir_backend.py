"""Files in a Maildir: whole or not there, and never twice."""

from __future__ import annotations

import asyncio
import mailbox
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.maildir import MaildirBackend, file_name
from digest.deliver.settings import DeliverySettings
from digest.errors import PausedError
from digest.model.delivery import DeliveryState, Message, Outcome

DATA = b"From: a@news.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nGuten Morgen\r\n..\r\n"


def message(message_id: str = "<1.a@news.example>", data: bytes = DATA) -> Message:
    return Message(mail_from="b@news.example", rcpt_to="a@news.example", message_id=message_id, data=data)


def submit(path: Path, *messages: Message) -> list[Outcome]:
    async def run() -> list[Outcome]:
        backend = MaildirBackend(DeliverySettings(path=str(path)), {})
        connections = [backend.connect() for _ in messages]
        outcomes = await asyncio.gather(*(c.submit(m) for c, m in zip(connections, messages, strict=True)))
        for connection in connections:
            await connection.close()
        return list(outcomes)

    return asyncio.run(run())


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_a_message_is_stored_as_its_very_bytes(tmp_path: Path) -> None:
    box = tmp_path / "var" / "outbox"
    (outcome,) = submit(box, message())
    assert outcome.state is DeliveryState.SUBMITTED
    assert list(files(box).values()) == [DATA]
    assert {folder.name for folder in box.iterdir()} == {"tmp", "new", "cur"}
    (stored,) = mailbox.Maildir(box, create=False)
    assert stored.get_payload() is not None
    parsed = message_from_bytes(DATA, policy=policy.default)
    assert not parsed.defects
    assert parsed["Subject"] == "Grüße"


def test_a_repeat_replaces_its_file(tmp_path: Path) -> None:
    submit(tmp_path, message())
    name = next(iter(files(tmp_path)))
    submit(tmp_path, message(data=DATA + b"again\r\n"))
    assert files(tmp_path) == {name: DATA + b"again\r\n"}


@pytest.mark.parametrize("flags", [":2,", ":2,S", ":2,FRS", ""])
def test_a_repeat_of_what_was_read_is_already_there(tmp_path: Path, flags: str) -> None:
    submit(tmp_path, message())
    stored = next(iter((tmp_path / "new").iterdir()))
    stored.rename(tmp_path / "cur" / f"{stored.name}{flags}")
    (outcome,) = submit(tmp_path, message())
    assert outcome == Outcome(state=DeliveryState.SUBMITTED, reply="already there")
    assert list(files(tmp_path)) == [f"cur/{stored.name}{flags}"]


def test_the_rest_of_a_crash_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / file_name("<1.a@news.example>")).write_bytes(b"x" * 10_000)
    submit(tmp_path, message())
    assert list(files(tmp_path).values()) == [DATA]


def test_many_at_once_are_all_there(tmp_path: Path) -> None:
    submit(tmp_path, *(message(f"<{number}@news.example>") for number in range(40)))
    assert len(list((tmp_path / "new").iterdir())) == 40
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_full_disk_pauses_and_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / file_name("<1.a@news.example>")).symlink_to("/dev/full")
    with pytest.raises(PausedError, match="No room is left"):
        submit(tmp_path, message())
    assert [file for file in tmp_path.rglob("*") if not file.is_dir()] == []
    submit(tmp_path, message())
    assert list(files(tmp_path).values()) == [DATA]


def test_a_path_that_is_a_file_pauses_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("x")
    with pytest.raises(PausedError, match="outbox cannot be written"):
        submit(tmp_path / "outbox", message())


def test_one_backend_serves_many_runs_and_a_mended_disk(tmp_path: Path) -> None:
    box = tmp_path / "outbox"
    box.write_text("in the way")
    backend = MaildirBackend(DeliverySettings(path=str(box)), {})

    async def run() -> list[Outcome | BaseException]:
        connections = [backend.connect() for _ in range(8)]
        sent = (connection.submit(message(f"<{n}@x>")) for n, connection in enumerate(connections))
        return await asyncio.gather(*sent, return_exceptions=True)

    assert all(isinstance(outcome, PausedError) for outcome in asyncio.run(run()))
    box.unlink()
    for again in ("", "already there"):
        outcomes = asyncio.run(run())
        assert all(isinstance(outcome, Outcome) and again in outcome.reply for outcome in outcomes)
        for file in (box / "new").iterdir():
            file.rename(box / "cur" / f"{file.name}:2,S")
    assert len(list((box / "cur").iterdir())) == 8
    assert list((box / "new").iterdir()) == []


@given(st.text(max_size=300))
def test_every_message_id_makes_a_safe_name(message_id: str) -> None:
    name = file_name(message_id)
    assert len(name.encode()) <= 120
    assert not name.startswith(".")
    assert not set(name) & set("/:\x00\n ")


def test_names_of_similar_message_ids_differ() -> None:
    assert len({file_name(text) for text in ("<a/b@x>", "<a_b@x>", "<a:b@x>", "a_b@x", "<" + "a" * 200 + "@x>")}) == 5
