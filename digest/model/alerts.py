"""What somebody is told because an edition did not go out."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec


class Cause(StrEnum):
    """Why; the last two are no faults, but told once as well."""

    HELD = "held"
    PAUSED = "paused"
    OVERDUE = "overdue"
    SILENT = "silent"
    TEST = "test"
    REMINDER = "reminder"
    HEARTBEAT = "heartbeat"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """`subject` names the edition, day or source, once and for all: together with `cause` it is told once.

    `title` is the newsletter's or source's name, `state` the edition's, `reason` in the program's own words.
    """

    cause: Cause
    subject: str
    title: str
    day: date | None = None
    edition: int | None = None
    state: str = ""
    reason: str = ""


class ToldAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, since when it stood and until when, and by which ways ("mail", "webhook") both was told."""

    alert: Alert
    raised_at: datetime
    resolved_at: datetime | None = None
    raised_by: tuple[str, ...] = ()
    resolved_by: tuple[str, ...] = ()
