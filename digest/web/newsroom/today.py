"""/redaktion: what an editor has to know and may have to do this morning."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from digest.app import App
from digest.storage.source_health import SourceHealth, load_health
from digest.tasks.sending_worker import SendingWorker
from digest.tasks.todays_editions import NewsletterToday, todays_editions
from digest.web.newsroom.decisions import decisions_for
from digest.web.newsroom.layout import ASKED_BY_ITSELF, TheVisit
from digest.web.newsroom.parts import TheWorker
from digest.web.newsroom.progress import live
from digest.web.parts import TheApp

#: Said of all editions at once, above them.
_SOURCES = "source-failed"


@get("/", sync_to_thread=True)
def show_today(app: TheApp, visit: TheVisit, worker: TheWorker) -> Response[str]:
    found = _look(app)
    return visit.page(
        "today.html",
        today=app.today(),
        now=app.clock(),
        newsletters_today=found,
        fingerprint=_fingerprint(found, worker),
        live={each.edition.number: live(each.status, worker, app.clock()) for of in found for each in of.editions},
        decisions={each.edition.number: decisions_for(each.edition, worker) for of in found for each in of.editions},
        health={
            each.edition.number: [found for found in app.edition_health(each.edition.number) if found.rule != _SOURCES]
            for of in found
            for each in of.editions
        },
        trouble=_sources_in_trouble(app),
    )


@get("/heute/{fingerprint:str}", opt=ASKED_BY_ITSELF, sync_to_thread=True)
def look_again(app: TheApp, worker: TheWorker, fingerprint: FromPath[str]) -> Response[str]:
    """Whether anything but progress is different from what the page shows; then the page loads itself anew."""
    changed = _fingerprint(_look(app), worker) != fingerprint
    return Response("", status_code=200 if changed else 204, headers={"hx-refresh": "true"} if changed else None)


def _look(app: App) -> list[NewsletterToday]:
    return todays_editions(app.database, app.settings.newsletters, app.settings.site.zone, app.clock())


def _fingerprint(found: Sequence[NewsletterToday], worker: SendingWorker) -> str:
    """Of everything on the page but how far sending is."""
    shown = [
        (
            of.newsletter.slug,
            of.upcoming,
            of.last and of.last.number,
            [
                (
                    each.edition.number,
                    each.edition.state,
                    each.edition.content_hash,
                    len(each.changes),
                    worker.has(each.edition.number),
                    worker.said(each.edition.number),
                )
                for each in of.editions
            ],
        )
        for of in found
    ]
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:16]


def _sources_in_trouble(app: App) -> list[SourceHealth]:
    """The sources of the settings whose last reading failed."""
    with app.database.read() as connection:
        health = load_health(connection)
    return [health[source.name] for source in app.sources() if source.name in health and health[source.name].problem]
