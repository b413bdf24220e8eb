"""The letters that wait, sent into memory and read as their recipients read them."""

from __future__ import annotations

import email
import email.policy
import re
from typing import NamedTuple

from digest.app import App
from digest.deliver.memory import MemoryBackend
from digest.storage.letters import letters_due

_LINK = re.compile(r"https?://[^/\s]+(/[a-z-]+/[a-z2-7=]{20,})")


class Letter(NamedTuple):
    """`path` is that of the link that the letter is about, empty where it has none."""

    to: str
    subject: str
    path: str


def send_letters(app: App) -> list[Letter]:
    """Sends every letter that waits, by the app's MemoryBackend; those that were taken over."""
    backend = app.backend()
    assert isinstance(backend, MemoryBackend)
    before = len(backend.messages)
    with app.database.read() as connection:
        due = letters_due(connection)
    for number in due:
        app.sender().send(number, app.prices)
    found = []
    for message in backend.messages[before:]:
        parsed = email.message_from_bytes(message.data, policy=email.policy.default)
        body = parsed.get_body(("plain",))
        assert body is not None
        link = _LINK.search(body.get_content())
        found.append(Letter(message.rcpt_to, str(parsed["Subject"]), link[1] if link else ""))
    return found
