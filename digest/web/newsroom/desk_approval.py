"""Approving at the desk: of the very content that the editor has before them, named by its hash."""

from __future__ import annotations

from litestar import Response, post

from digest.errors import StepError
from digest.model.edition import EditionState
from digest.storage.editions import get_edition
from digest.tasks.review_edition import review_edition
from digest.web.newsroom.decisions import decisions_for
from digest.web.newsroom.desk_view import desk_path, state_of
from digest.web.newsroom.layout import TheVisit
from digest.web.newsroom.parts import Number, TheWorker
from digest.web.parts import TheApp, ThePosted

_CHANGED = "Nicht freigegeben: Die Ausgabe ist inzwischen eine andere. Sehen Sie sie noch einmal an."


@post("/ausgaben/{number:int}/tisch/freigeben", status_code=200, sync_to_thread=True)
def approve(app: TheApp, visit: TheVisit, worker: TheWorker, posted: ThePosted, number: Number) -> Response[str]:
    """Takes `inhalt`, the hash of what the page showed: an edition that has changed since is not approved."""
    state_of(app, number)
    with app.database.read() as connection:
        edition = get_edition(connection, number, content=True)
    if edition.state is EditionState.APPROVED and edition.approved_hash == posted.one("inhalt"):
        return visit.go(desk_path(number), "Die Ausgabe ist freigegeben.")
    if posted.one("inhalt") != edition.content_hash or "freigeben" not in decisions_for(edition, worker):
        return visit.go(desk_path(number), _CHANGED, tone="wrong")
    try:
        review_edition(app.database, edition, "approve", app.clock(), who=visit.editor.who)
    except StepError:
        return visit.go(desk_path(number), _CHANGED, tone="wrong")
    return visit.go(desk_path(number), "Die Ausgabe ist freigegeben. Jede spätere Änderung hebt das auf.")
