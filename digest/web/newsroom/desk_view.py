"""What the templates of the edition desk are filled with: the whole page, and the parts that a change renews."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from litestar.exceptions import NotFoundException

from digest.app import App
from digest.model.desk import DeskState, Revision
from digest.model.edition import CHANGED, EditionKind, EditionState
from digest.model.editor import Role
from digest.storage.revisions import list_revisions
from digest.tasks.desk_preview import PERSONAS
from digest.tasks.sending_worker import SendingWorker
from digest.web.newsroom.decisions import decisions_for
from digest.web.newsroom.layout import POLICY, ROOT, Visit

#: The preview stands in a frame.
DESK_POLICY = f"{POLICY}; frame-src 'self'"


def state_of(app: App, number: int) -> DeskState:
    """Raises NotFoundError, and 404 for a letter, which has no desk."""
    state = app.edition_desk.state(number)
    if state.edition.kind is EditionKind.LETTER:
        raise NotFoundException()
    return state


def desk_path(number: int, part: str = "") -> str:
    """Where the desk of an edition is, or a part of it."""
    return f"{ROOT}/ausgaben/{number}/tisch" + (f"/{part}" if part else "")


def anchor_of(key: str) -> str:
    """An id that stays an article's own wherever it is moved."""
    return "a" + hashlib.blake2s(key.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def what_stands(state: DeskState) -> str:
    """Tells one standing of the edition from another: edits, decisions, preparations."""
    return f"{state.revision}-{state.edition.state}-{state.edition.content_hash[:16]}"


def head_values(app: App, visit: Visit, worker: SendingWorker, state: DeskState, panel: str) -> dict[str, Any]:
    """For everything on the page that a change renews: head, articles, the address that asks for news."""
    edition = state.edition
    names = {each.slug: each.name for each in app.settings.newsletters}
    return {
        "state": state,
        "edition": edition,
        "newsletter_name": names.get(edition.newsletter, edition.newsletter),
        "subject": edition.content.subject if edition.content else "",
        "stands": what_stands(state),
        "desk": desk_path(edition.number),
        "panel": panel,
        "decisions": {} if edition.kind is EditionKind.LETTER else decisions_for(edition, worker),
        "was_approved": edition.state is EditionState.IN_REVIEW and edition.reason == CHANGED,
        "now": app.clock(),
        "anchor": anchor_of,
        "personas": PERSONAS,
        "is_admin": visit.editor.role is Role.ADMIN,
    }


def revisions_since(app: App, number: int, since: int) -> list[Revision]:
    """What was done after revision `since`, the newest first."""
    with app.database.read() as connection:
        return list_revisions(connection, number, after=since)[::-1]


def of_others(revisions: Iterable[Revision], who: str) -> list[Revision]:
    return [each for each in revisions if each.who != who]


def triggers(events: Mapping[str, Any]) -> dict[str, str]:
    """The header that makes htmx tell the page of these events (with what they are about)."""
    return {"hx-trigger": json.dumps(events)} if events else {}
