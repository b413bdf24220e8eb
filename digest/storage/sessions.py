"""Who is signed in to the newsroom. A browser holds a random text; here stands its hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from digest.model.editor import Editor, EditorSession, Note
from digest.storage.editors import editor_of
from digest.storage.tables import editor_sessions, editors

#: A session ends when nothing was asked for so long, and in any case after the second time.
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
_OCTETS = 32
_SEEN_NOTED = timedelta(minutes=1)
_S = editor_sessions.c


def new_session_text() -> str:
    """What a browser is to hold: 256 random bits."""
    return secrets.token_urlsafe(_OCTETS)


def begin_session(connection: Connection, editor: Editor, *, now: datetime) -> str:
    """Sign somebody in; what their browser is to hold. Sessions that have ended are deleted on the way."""
    text = new_session_text()
    connection.execute(delete(editor_sessions).where(or_(_S.began_at <= now - LONGEST, _S.seen_at <= now - IDLE)))
    row = {"hash": _hash(text), "editor_id": editor.id, "began_at": now, "seen_at": now, "note": ""}
    connection.execute(insert(editor_sessions).values(row))
    return text


def find_session(connection: Connection, text: str, *, now: datetime) -> EditorSession | None:
    """Who holds that text; None where the session has ended or never was."""
    query = (
        select(editors, _S.began_at, _S.seen_at, _S.note)
        .join(editor_sessions, _S.editor_id == editors.c.id)
        .where(_S.hash == _hash(text), _S.began_at > now - LONGEST, _S.seen_at > now - IDLE)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return EditorSession(
        editor=editor_of(row),
        began_at=row["began_at"],
        seen_at=row["seen_at"],
        note=msgspec.json.decode(row["note"], type=Note) if row["note"] else None,
    )


def seen_is_news(session: EditorSession, now: datetime) -> bool:
    """Whether it is worth a write that its holder asks for something at `now`."""
    return abs(now - session.seen_at) >= _SEEN_NOTED


def note_seen(connection: Connection, text: str, now: datetime) -> None:
    connection.execute(update(editor_sessions).where(_S.hash == _hash(text)).values(seen_at=now))


def set_note(connection: Connection, text: str, note: Note | None) -> None:
    """What the next page tells; None once it was told."""
    stored = msgspec.json.encode(note).decode() if note else ""
    connection.execute(update(editor_sessions).where(_S.hash == _hash(text)).values(note=stored))


def end_session(connection: Connection, text: str) -> None:
    connection.execute(delete(editor_sessions).where(_S.hash == _hash(text)))


def end_sessions_of(connection: Connection, editor: Editor) -> int:
    """Sign somebody out everywhere; how many sessions that ended."""
    return connection.execute(delete(editor_sessions).where(_S.editor_id == editor.id)).rowcount


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
