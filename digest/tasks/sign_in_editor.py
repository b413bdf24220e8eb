"""Let an editor in, by a password or by a link that serves once."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from digest.errors import TooManyTriesError
from digest.model.editor import Editor
from digest.storage import editors, sessions
from digest.storage.database import Database
from digest.tasks.passwords import is_password
from subscribers.addresses import parse_address
from subscribers.audit import record_change
from subscribers.errors import AddressError
from subscribers.request_counts import Limit, count_requests, network_of

#: How long a link lets its owner in.
LINK_LIFETIME = timedelta(hours=24)
#: How many tries one network and one account have; the account's are counted by what was typed in, known or not.
_WINDOW = timedelta(minutes=15)
_BY_NETWORK = Limit("editor_sign_in_network", 30, _WINDOW)
_BY_ACCOUNT = Limit("editor_sign_in_account", 10, _WINDOW)


class SignedIn(msgspec.Struct, frozen=True):
    """Somebody was let in: `session` is what their browser is to hold from now on."""

    editor: Editor
    session: str


def account_address(text: str) -> str:
    """How an account spells the address that somebody typed; what is none stays as it is, and has no account."""
    try:
        return parse_address(text).email.lower()
    except AddressError:
        return text.lower()


def sign_in_by_password(
    database: Database, email: str, password: str, *, secret: bytes, ip: str, now: datetime
) -> SignedIn | None:
    """None for a wrong password, an unknown account and one without a password alike, after the same time.

    Raises TooManyTriesError, for accounts that are there and for others.
    """
    email = account_address(email)
    _count_try(database, email, secret=secret, ip=ip, now=now)
    with database.read() as connection:
        known = editors.password_hash(connection, email)
    if not is_password(password, known[1] if known else None):
        return None
    with database.write() as connection:
        if editors.password_hash(connection, email) != known:
            return None  # changed while it was being checked
        return _let_in(connection, editors.get_editor(connection, email), "password", now)


def sign_in_by_link(database: Database, text: str, *, secret: bytes, ip: str, now: datetime) -> SignedIn | None:
    """None for a link that was used, has ended or never was. Raises TooManyTriesError."""
    _count_try(database, "", secret=secret, ip=ip, now=now)
    with database.write() as connection:
        editor = editors.use_link(connection, text, now=now)
        return _let_in(connection, editor, "link", now) if editor else None


def _count_try(database: Database, email: str, *, secret: bytes, ip: str, now: datetime) -> None:
    counted = [(_BY_NETWORK, network_of(ip)), (_BY_ACCOUNT, email)]
    with database.write() as connection:
        allowed = count_requests(connection, counted, secret=secret, now=now)
    if not allowed:
        raise TooManyTriesError(int(_WINDOW.total_seconds()))


def _let_in(connection: Connection, editor: Editor, by: str, now: datetime) -> SignedIn:
    session = sessions.begin_session(connection, editor, now=now)
    record_change(connection, who=editor.who, what="editor.sign_in", subject=str(editor.id), at=now, detail={"by": by})
    return SignedIn(editor, session)
