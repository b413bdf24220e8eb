"""Accounts of the newsroom, and the links that let their owners in once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from digest.errors import NotFoundError, UsageError
from digest.model.editor import Editor, Role
from digest.storage.tables import editor_links, editors

_E = editors.c
_L = editor_links.c
_LINK_OCTETS = 32


def add_editor(connection: Connection, email: str, name: str, role: Role, *, now: datetime) -> Editor:
    """A new account, without a password. Raises UsageError for an address that has one."""
    email = email.lower()
    if connection.execute(select(_E.id).where(_E.email == email)).first():
        raise UsageError(f"{email} has an account already; `digest editors passwd {email}` gives it a new password.")
    row = {"email": email, "name": name, "role": role, "password_hash": None, "created_at": now}
    connection.execute(insert(editors).values(row))
    return get_editor(connection, email)


def get_editor(connection: Connection, email: str) -> Editor:
    """The account of that address. Raises NotFoundError."""
    row = connection.execute(select(editors).where(_E.email == email.lower())).mappings().first()
    if row is None:
        raise NotFoundError("editor", email, "in the database; `digest editors list` shows who there is")
    return editor_of(row)


def list_editors(connection: Connection) -> list[Editor]:
    """All accounts by address."""
    return [editor_of(row) for row in connection.execute(select(editors).order_by(_E.email)).mappings()]


def remove_editor(connection: Connection, editor: Editor) -> None:
    """Delete the account; its links and sessions end with it."""
    connection.execute(delete(editors).where(_E.id == editor.id))


def password_hash(connection: Connection, email: str) -> tuple[int, str] | None:
    """The number and the password hash of the account of that address; None where it has none, or is none."""
    row = connection.execute(select(_E.id, _E.password_hash).where(_E.email == email.lower())).first()
    return (row.id, row.password_hash) if row and row.password_hash else None


def set_password_hash(connection: Connection, editor: Editor, hashed: str | None) -> None:
    """Set it, or with None take it away; the account's links end with the old one."""
    connection.execute(update(editors).where(_E.id == editor.id).values(password_hash=hashed))
    connection.execute(delete(editor_links).where(_L.editor_id == editor.id))


def make_link(connection: Connection, editor: Editor, *, now: datetime, until: datetime) -> str:
    """The text of a new link, which cannot be shown again; an earlier one ends, and so do those of whom time is up."""
    text = secrets.token_urlsafe(_LINK_OCTETS)
    connection.execute(delete(editor_links).where(or_(_L.editor_id == editor.id, _L.until <= now)))
    connection.execute(insert(editor_links).values(hash=_hash(text), editor_id=editor.id, until=until))
    return text


def owner_of_link(connection: Connection, text: str, *, now: datetime) -> Editor | None:
    """Whom a link lets in; None for one that was used, has ended or never was."""
    query = select(editors).join(editor_links, _L.editor_id == _E.id).where(_L.hash == _hash(text), _L.until > now)
    row = connection.execute(query).mappings().first()
    return editor_of(row) if row else None


def use_link(connection: Connection, text: str, *, now: datetime) -> Editor | None:
    """As `owner_of_link`, and it is used up."""
    owner = owner_of_link(connection, text, now=now)
    used = connection.execute(delete(editor_links).where(_L.hash == _hash(text)))
    return owner if used.rowcount else None


def editor_of(row: RowMapping) -> Editor:
    """The account of a row of `editors`."""
    return Editor(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        has_password=bool(row["password_hash"]),
        created_at=row["created_at"],
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
