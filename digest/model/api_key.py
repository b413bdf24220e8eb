"""Keys that programs use: who they are, and what each may do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Scope(StrEnum):
    """One thing that a key may do. Erasing cannot be undone, so it is no part of writing."""

    SUBSCRIBERS_READ = "subscribers:read"
    SUBSCRIBERS_WRITE = "subscribers:write"
    SUBSCRIBERS_ERASE = "subscribers:erase"
    LISTS_READ = "lists:read"
    LISTS_WRITE = "lists:write"
    SUPPRESSIONS_READ = "suppressions:read"
    SUPPRESSIONS_WRITE = "suppressions:write"
    EDITIONS_READ = "editions:read"
    EVENTS_READ = "events:read"


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key without the key: of that only `prefix`, its first part, can be shown again."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
