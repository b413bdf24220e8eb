"""/redaktion/vorbereiten: gather now, and make an edition ahead of its time or anew."""

from __future__ import annotations

from datetime import date

from litestar import Response, post

from digest import german
from digest.app import App
from digest.errors import DigestError
from digest.model.edition import EditionState
from digest.model.newsletter import Newsletter
from digest.storage.edition_changes import record_edition_change
from digest.web.newsroom.layout import ROOT, TheVisit, Visit
from digest.web.newsroom.wording import STATES
from digest.web.parts import TheApp, ThePosted
from digest.web.public.archive import find_newsletter
from subscribers.errors import SubscribersError


@post("/vorbereiten", status_code=200, sync_to_thread=True)
def prepare_now(app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Today's edition of `newsletter`."""
    return prepare(app, visit, find_newsletter(app, posted.one("newsletter")), app.today(), ROOT)


def prepare(app: App, visit: Visit, newsletter: Newsletter, day: date, back: str) -> Response[str]:
    """Gather for the regular edition of `day`, prepare it, and tell at `back` what came of it."""
    try:
        gathered = app.gather(app.sources_of([newsletter]), day)
        prepared = app.prepare(newsletter, day)
    except (DigestError, SubscribersError) as problem:
        return visit.go(back, f"Die Ausgabe ließ sich nicht vorbereiten: {problem}", tone="wrong")
    with app.database.write() as connection:
        record_edition_change(connection, prepared.edition.number, "prepare", who=visit.editor.who, at=app.clock())
    silent = [each.source for each in gathered if each.warning]
    without = f" Nicht erreichbar: {german.join_words(silent)}." if silent else ""
    return visit.go(back, _said(prepared.edition.state, prepared.note) + without)


def _said(state: EditionState, note: str) -> str:
    if state is EditionState.SKIPPED:
        return "Es gibt keine Artikel für diese Ausgabe; sie wird ausgelassen."
    return f"Die Ausgabe bleibt, wie sie ist: {STATES[state][0]}." if note else "Die Ausgabe ist vorbereitet."
