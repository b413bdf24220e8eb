"""Addresses that are told of what happened to people, and what has become of each telling."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class AttemptState(StrEnum):
    """Waiting for its next try, taken over by the receiver, or given up."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """`events` are kinds of events; `cursor` is the number of the last event that was looked at for it.

    Nothing is sent before `rests_until`, and nothing at all once `disabled_at` is set, for the `reason` given then.
    """

    id: int
    url: str
    events: tuple[str, ...]
    created_at: datetime
    cursor: int
    rests_until: datetime | None = None
    disabled_at: datetime | None = None
    reason: str = ""


class WebhookAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one webhook. `attempts` counts those begun; `reason` says why the last one failed."""

    id: int
    webhook_id: int
    event_id: int
    state: AttemptState
    attempts: int
    queued_at: datetime
    next_try: datetime
    settled_at: datetime | None = None
    reason: str = ""
