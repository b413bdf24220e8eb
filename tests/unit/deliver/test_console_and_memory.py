"""The two backends that go nowhere."""

from __future__ import annotations

import asyncio
import io
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from digest.deliver.console import ConsoleBackend
from digest.deliver.memory import MemoryBackend
from digest.deliver.settings import DeliverySettings
from digest.model.delivery import DeliveryState, Message, Outcome


def message(text: str = "Guten Morgen, Zoë!\n") -> Message:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "b@news.example", "Zoë <a@news.example>", "Grüße"
    mail.set_content(text)
    mail.add_alternative("<p>HTML</p>", subtype="html")
    return Message(mail_from="b@news.example", rcpt_to="a@news.example", message_id="<1@x>", data=mail.as_bytes())


def test_console_shows_head_and_text_on_stderr_only(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = asyncio.run(ConsoleBackend(DeliverySettings(), {}).connect().submit(message()))
    shown = capsys.readouterr()
    assert outcome.state is DeliveryState.SUBMITTED
    assert shown.out == ""
    assert "Subject: Grüße" in shown.err
    assert "Guten Morgen, Zoë!" in shown.err
    assert "HTML" not in shown.err


def test_console_obeys_no_control_characters() -> None:
    stream = io.StringIO()
    asyncio.run(ConsoleBackend(DeliverySettings(), {}, stream=stream).connect().submit(message("a\x1b[2Jb\x07c\n")))
    assert "\x1b" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()
    assert "[2Jb" in stream.getvalue()


def test_console_writes_what_its_stream_can_take() -> None:
    octets = io.BytesIO()
    stream = io.TextIOWrapper(octets, encoding="ascii")
    asyncio.run(ConsoleBackend(DeliverySettings(), {}, stream=stream).connect().submit(message()))
    assert b"Gr??e" in octets.getvalue()


def test_memory_keeps_what_was_taken_and_no_more() -> None:
    answers = iter([Outcome(state=DeliveryState.SUBMITTED), Outcome(state=DeliveryState.REJECTED, reason="content")])
    backend = MemoryBackend(DeliverySettings(), {}, answer=lambda _: next(answers))
    first, second = message("a"), message("b")

    async def both() -> list[Outcome]:
        connection = backend.connect()
        return [await connection.submit(first), await connection.submit(second)]

    assert [outcome.state for outcome in asyncio.run(both())] == [DeliveryState.SUBMITTED, DeliveryState.REJECTED]
    assert backend.messages == [first]
