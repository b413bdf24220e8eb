"""/redaktion/sperren: addresses and domains that get no mail; added and taken back by admins."""

from __future__ import annotations

from litestar import Response, get, post

from digest.app import App
from digest.web.newsroom.layout import FOR_ADMINS, ROOT, TheVisit, Visit
from digest.web.newsroom.parts import After
from digest.web.parts import TheApp, ThePosted
from subscribers.errors import AddressError, UnknownSuppressionError
from subscribers.model import SuppressionReason
from subscribers.suppression_changes import add_suppression, parse_suppressed, remove_suppression
from subscribers.suppression_pages import page_suppressions

_PATH = f"{ROOT}/sperren"
_PAGE = 100
#: What an admin may give as the reason.
REASONS = (SuppressionReason.ADMIN, SuppressionReason.REQUEST, SuppressionReason.COMPLAINT)


@get("/sperren", sync_to_thread=True)
def show_suppressions(app: TheApp, visit: TheVisit, nach: After = 0) -> Response[str]:
    return _page(app, visit, after=nach)


@post("/sperren", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def suppress(app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Takes `target`, an address or @domain, and `reason`."""
    target = posted.one("target")
    known = {reason.value: reason for reason in REASONS}
    try:
        with app.database.write() as connection:
            _, is_new = add_suppression(
                connection,
                parse_suppressed(target),
                reason=known.get(posted.one("reason"), SuppressionReason.ADMIN),
                source="newsroom",
                who=visit.editor.who,
                secret=app.secret,
                now=app.clock(),
            )
    except AddressError:
        return _page(app, visit, target=target, problem="Das ist weder Adresse noch @domain.")
    return visit.go(_PATH, "Dorthin geht nichts mehr." if is_new else "Das war schon gesperrt.")


@post("/sperren/aufheben", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def lift(app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Takes `target`. Nobody is subscribed again by that."""
    target = posted.one("target")
    try:
        with app.database.write() as connection:
            remove_suppression(
                connection, parse_suppressed(target), who=visit.editor.who, secret=app.secret, now=app.clock()
            )
    except (AddressError, UnknownSuppressionError):
        return _page(app, visit, target=target, problem="Genau das ist nicht gesperrt.")
    return visit.go(_PATH, "Die Sperre ist aufgehoben. Abmeldungen bleiben bestehen.")


def _page(app: App, visit: Visit, *, after: int = 0, target: str = "", problem: str = "") -> Response[str]:
    with app.database.read() as connection:
        found = list(page_suppressions(connection, after=after, limit=_PAGE + 1))
    return visit.page(
        "suppressions.html",
        status=400 if problem else 200,
        found=found[:_PAGE],
        more=found[_PAGE - 1].id if len(found) > _PAGE else None,
        reasons=REASONS,
        target=target,
        problem=problem,
    )
