"""/archiv: what was sent, for anybody to read. No page here knows a subscriber."""

from __future__ import annotations

from datetime import date

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from digest.app import App
from digest.model.newsletter import Newsletter
from digest.storage.archive import ArchiveEntry, list_archive
from digest.tasks.archive_edition import archived_editions
from digest.web.parts import TheApp, ThePages

_PAGE = 30
_FEED = 20
#: Own pictures, and the sparklines that stand in the page as data.
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@get("/archiv/{slug:str}", sync_to_thread=True)
def show_archive(app: TheApp, pages: ThePages, slug: FromPath[str], vor: FromQuery[str] = "") -> Response[str]:
    """The newest editions, or those before the day `vor`."""
    newsletter = find_newsletter(app, slug)
    entries = _entries(app, slug, _PAGE + 1, _day(vor) if vor else None)
    older = entries[_PAGE - 1].date if len(entries) > _PAGE else None
    return pages.show(
        "archive.html", everybody=True, newsletter=newsletter, entries=entries[:_PAGE], older=older, page_of=vor
    )


@get("/archiv/{slug:str}/feed.xml", sync_to_thread=True)
def show_archive_feed(app: TheApp, pages: ThePages, slug: FromPath[str]) -> Response[str]:
    """The newest editions as Atom (RFC 4287)."""
    newsletter = find_newsletter(app, slug)
    entries = _entries(app, slug, _FEED)
    page = pages.show("archive-feed.xml", everybody=True, newsletter=newsletter, entries=entries, now=app.clock())
    page.media_type = "application/atom+xml; charset=utf-8"
    return page


@get("/archiv/{slug:str}/{day:str}", sync_to_thread=True)
def show_archived_edition(app: TheApp, pages: ThePages, slug: FromPath[str], day: FromPath[str]) -> Response[str]:
    """What was sent that day."""
    newsletter = find_newsletter(app, slug)
    sent = archived_editions(app.database, slug, _day(day))
    own_pictures = app.links.picture_url("")
    page = pages.show(
        "archive-edition.html", everybody=True, newsletter=newsletter, editions=sent, own_pictures=own_pictures
    )
    page.headers["content-security-policy"] = _CSP
    return page


def find_newsletter(app: App, slug: str) -> Newsletter:
    """The newsletter of that slug. Raises NotFoundException, which names nothing."""
    found = next((newsletter for newsletter in app.settings.newsletters if newsletter.slug == slug), None)
    if found is None:
        raise NotFoundException()
    return found


def _entries(app: App, slug: str, limit: int, before: date | None = None) -> list[ArchiveEntry]:
    with app.database.read() as connection:
        return list_archive(connection, slug, before=before, limit=limit)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotFoundException() from None
    if day.isoformat() != text:  # "20260306" would be a second address of the same page
        raise NotFoundException()
    return day
