"""/redaktion/quellen: where articles come from, how each source does, and a try by hand."""

from __future__ import annotations

from litestar import Response, get, post

from digest import german
from digest.storage.source_health import load_health
from digest.web.newsroom.layout import ROOT, TheVisit
from digest.web.parts import TheApp, ThePosted

_PATH = f"{ROOT}/quellen"


@get("/quellen", sync_to_thread=True)
def show_sources(app: TheApp, visit: TheVisit) -> Response[str]:
    from digest.gather.fetch import shown_url  # the first page of the day does without it

    with app.database.read() as connection:
        health = load_health(connection)
    used = {
        source.name: [each.name for each in app.settings.newsletters if not each.sources or source.name in each.sources]
        for source in app.sources()
    }
    return visit.page("sources.html", sources=app.sources(), health=health, used=used, shown_url=shown_url)


@post("/quellen/versuchen", status_code=200, sync_to_thread=True)
def try_source(app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Reads `source` now. What it gives is kept, as if its time had come. Raises NotFoundError."""
    report = app.gather(app.sources(posted.one("source")), app.today())[0]
    if report.warning:
        return visit.go(_PATH, report.warning, tone="wrong")
    found = german.plural(report.found, "Artikel", "Artikel")
    return visit.go(_PATH, f"{report.source}: {found} gelesen, {german.number(report.new)} davon neu.")
