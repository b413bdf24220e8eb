"""Take in what a mail service tells by webhook."""

from __future__ import annotations

from digest.errors import NotFoundError
from digest.model.bounces import BouncesSettings, MailReport
from digest.tasks.bounce_webhooks import PROVIDERS
from digest.tasks.bounce_webhooks.base import Fetch
from digest.tasks.desk import Desk
from digest.tasks.ingest_bounces import ingest_reading


def receive_bounces(
    desk: Desk, settings: BouncesSettings, provider: str, body: bytes, fetch: Fetch
) -> list[MailReport]:
    """Do what follows from a notification; a repetition has no second effect.

    Raises NotFoundError for an unknown provider, WebhookRefusedError for what is not genuine or not for us, FetchError
    where the provider's certificate cannot be had now (it will come again).
    """
    if provider not in PROVIDERS:
        raise NotFoundError("bounce webhook", provider, f"here; known are {', '.join(sorted(PROVIDERS))}")
    received = PROVIDERS[provider](body, settings, fetch, desk.clock())
    if received.confirm_url:
        fetch(received.confirm_url)
    return [ingest_reading(desk, settings, reading, provider) for reading in received.readings]
