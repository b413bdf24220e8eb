"""What a provider of bounce webhooks is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from digest.model.bounces import BouncesSettings
from subscribers.bounces.model import Reading

#: Reads a document from the provider's own server (a certificate, a confirmation); raises FetchError.
Fetch = Callable[[str], bytes]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What a genuine notification says. `confirm_url`, mostly empty, is to be fetched once: then more come."""

    readings: tuple[Reading, ...] = ()
    confirm_url: str = ""


class Provider(Protocol):
    """Reads one notification.

    It may call `fetch` for addresses of the provider's own that it has checked, nothing else. Raises
    WebhookRefusedError for what is not genuine, not for us (by `settings`) or cannot be read. A notification that says
    nothing about a bounce or a complaint gives no readings. Each reading's `identity` is the same for a repetition.
    """

    def __call__(self, body: bytes, settings: BouncesSettings, fetch: Fetch, now: datetime) -> Received: ...
