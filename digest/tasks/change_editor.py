"""Accounts of the newsroom: made, given another password, removed. Whoever had the old one is signed out everywhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from digest.model.editor import Editor, Role
from digest.storage import editors, sessions
from digest.storage.database import Database
from digest.tasks.passwords import check_password, hash_password, is_password
from digest.tasks.sign_in_editor import LINK_LIFETIME, SignedIn, account_address
from subscribers.addresses import parse_address
from subscribers.audit import record_change
from subscribers.cleaning import clean_line


def add_editor(
    database: Database, email: str, name: str, role: Role, password: str | None, *, who: str, now: datetime
) -> tuple[Editor, str]:
    """A new account; and the text of a link that lets its owner in once, "" where a `password` is given.

    Raises AddressError, UsageError for an address that has an account, PasswordError.
    """
    parse_address(email)
    address = account_address(email)
    with database.write() as connection:
        editor = editors.add_editor(connection, address, clean_line(name) or address, role, now=now)
        record_change(
            connection, who=who, what="editor.add", subject=str(editor.id), at=now, detail={"role": role.value}
        )
        if password is None:
            return editor, editors.make_link(connection, editor, now=now, until=now + LINK_LIFETIME)
        check_password(editor, password)
        editors.set_password_hash(connection, editor, hash_password(password))
        return editors.get_editor(connection, address), ""


def reset_password(
    database: Database, email: str, password: str | None, *, who: str, now: datetime
) -> tuple[Editor, str, int]:
    """Another password, or with None none at all and the text of a link; and how many sessions that ended.

    Raises NotFoundError, PasswordError.
    """
    with database.write() as connection:
        editor = editors.get_editor(connection, account_address(email))
        if password is not None:
            check_password(editor, password)
        ended = _set(connection, editor, password, who, now)
        link = ""
        if password is None:
            link = editors.make_link(connection, editor, now=now, until=now + LINK_LIFETIME)
        return editors.get_editor(connection, editor.email), link, ended


def change_own_password(database: Database, editor: Editor, old: str, new: str, *, now: datetime) -> SignedIn | None:
    """Signed out everywhere, and in again here; None where `old` is wrong. Nobody asks for what was never there.

    Raises PasswordError.
    """
    check_password(editor, new)
    with database.read() as connection:
        known = editors.password_hash(connection, editor.email)
    if known is not None and not is_password(old, known[1]):
        return None
    with database.write() as connection:
        if editors.password_hash(connection, editor.email) != known:
            return None  # changed while it was being checked
        _set(connection, editor, new, editor.who, now)
        return SignedIn(
            editors.get_editor(connection, editor.email), sessions.begin_session(connection, editor, now=now)
        )


def remove_editor(database: Database, email: str, *, who: str, now: datetime) -> Editor:
    """The account that was. Raises NotFoundError."""
    with database.write() as connection:
        editor = editors.get_editor(connection, account_address(email))
        editors.remove_editor(connection, editor)
        record_change(connection, who=who, what="editor.remove", subject=str(editor.id), at=now)
    return editor


def _set(connection: Connection, editor: Editor, password: str | None, who: str, now: datetime) -> int:
    editors.set_password_hash(connection, editor, None if password is None else hash_password(password))
    record_change(connection, who=who, what="editor.password", subject=str(editor.id), at=now)
    return sessions.end_sessions_of(connection, editor)
