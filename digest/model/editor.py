"""People of the newsroom: what they may, and who is signed in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec


class Role(StrEnum):
    """An editor decides about editions and looks at everything else; an admin changes people and lists as well."""

    EDITOR = "editor"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        """Whether this role is enough where `needed` is asked for."""
        return self is Role.ADMIN or needed is Role.EDITOR


class Editor(msgspec.Struct, frozen=True, kw_only=True):
    """An account. Without a password only a one-time link lets its owner in. `email` is in small letters."""

    id: int
    email: str
    name: str
    role: Role
    has_password: bool
    created_at: datetime

    @property
    def who(self) -> str:
        """How the audit trail names them."""
        return f"editor:{self.email}"


class Note(msgspec.Struct, frozen=True):
    """One sentence that the next page tells an editor."""

    text: str
    tone: Literal["done", "wrong"] = "done"


class EditorSession(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in. `seen_at` is written at most once a minute."""

    editor: Editor
    began_at: datetime
    seen_at: datetime
    note: Note | None = None
