"""/redaktion/ausgaben: what was and will be sent, and what became of each edition."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromQuery

from digest.model.edition import EditionKind
from digest.storage.edition_changes import changes_of_editions
from digest.storage.editions import get_edition, page_editions
from digest.web.newsroom.chart import column_chart, width_word
from digest.web.newsroom.decisions import decisions_for
from digest.web.newsroom.layout import TheVisit
from digest.web.newsroom.parts import LARGEST, Before, Number, TheFigures, TheWorker
from digest.web.newsroom.progress import live
from digest.web.parts import TheApp

_PAGE = 60
_PICTURES = (
    ("submitted", "An den Mailserver übergeben", False),
    ("bounced", "Rückläufer", True),
    ("complained", "Beschwerden", True),
    ("unsubscribed", "Abmeldungen", True),
)


@get("/ausgaben", sync_to_thread=True)
def show_editions(
    app: TheApp, visit: TheVisit, newsletter: FromQuery[str] = "", alle: FromQuery[str] = "", vor: Before = LARGEST
) -> Response[str]:
    """Those with a number below `vor`, the newest first; of one newsletter, and with `alle` the letters among them."""
    known = {each.slug: each.name for each in app.settings.newsletters}
    chosen = newsletter if newsletter in known else ""
    with app.database.read() as connection:
        found = page_editions(connection, newsletter=chosen, before=vor, letters=bool(alle), limit=_PAGE + 1)
    more = found[_PAGE - 1].number if len(found) > _PAGE else None
    found = found[:_PAGE]
    statuses = {each.number: app.sending_status(each.number)[0] for each in found}
    return visit.page(
        "editions.html",
        found=found,
        statuses=statuses,
        names=known,
        chosen=chosen,
        everything=bool(alle),
        more=more,
    )


@get("/ausgaben/{number:int}", sync_to_thread=True)
def show_edition(app: TheApp, visit: TheVisit, worker: TheWorker, figures: TheFigures, number: Number) -> Response[str]:
    zone = app.settings.site.zone
    with app.database.read() as connection:
        edition = get_edition(connection, number, content=True)
        changes = changes_of_editions(connection, [number])[number]
    status = app.sending_status(number)[0]
    shown = live(status, worker, app.clock())
    became = figures.read(app.database, number, zone) if shown.begun else None
    pictures = [
        (title, series, column_chart(series, title, bad=bad), width_word(series.width))
        for name, title, bad in _PICTURES
        if became is not None and (series := getattr(became, name)).columns
    ]
    return visit.page(
        "edition.html",
        edition=edition,
        newsletter_name=next((n.name for n in app.settings.newsletters if n.slug == edition.newsletter), ""),
        sending=status,
        live=shown,
        decisions={} if edition.kind is EditionKind.LETTER else decisions_for(edition, worker),
        changes=changes,
        health=[] if edition.kind is EditionKind.LETTER else app.edition_health(number),
        figures=became,
        pictures=pictures,
        now=app.clock(),
    )
