"""The message of an edition as the desk shows it: a page in a sandboxed frame, text part, headers, source, a picture.

Nothing in it can run or ask for anything: the frame has every restriction that there is, and the policy lets only
styles and pictures that stand in the page itself. Light and dark are forced by rewriting what the style sheet asks of
the reader's device, since a frame has no other way of being told.
"""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import MediaType, Request, Response, get
from litestar.exceptions import PermissionDeniedException

from digest.app import App
from digest.errors import DigestError, NotFoundError
from digest.model.editor import Role
from digest.tasks.desk_preview import PERSONAS, MessagePreview
from digest.web.newsroom.desk_view import desk_path, state_of
from digest.web.newsroom.layout import ASKED_BY_ITSELF, TheVisit, Visit
from digest.web.newsroom.parts import Number
from digest.web.parts import TheApp, ThePages
from subscribers.errors import SubscribersError

#: Where the article is that somebody works on.
MARK = "stelle"
_WIDTHS = ("320", "375", "640")
_STYLES = re.compile(r"<style\b[^>]*>.*?</style>|<meta\b[^>]*>|<source\b[^>]*>", re.DOTALL | re.IGNORECASE)
_ASKED = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_SCHEMES = re.compile(r"""(color-schemes?["']?\s*(?:content=|:)\s*["']?)light\s+dark""", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"
_TEXT = re.compile(r">([^<]+)<")
#: A browser takes much memory; there is one at a time.
_ONE_PICTURE = threading.Lock()
_Request = Request[Any, Any, Any]


@get("/ausgaben/{number:int}/tisch/nachricht", opt=ASKED_BY_ITSELF, sync_to_thread=True)
def show_message(request: _Request, app: TheApp, visit: TheVisit, pages: ThePages, number: Number) -> Response[str]:
    """The message for a persona (`als`), or for admins for a subscriber (`adresse`), as `ansicht` says."""
    asked = request.query_params
    state = state_of(app, number)
    try:
        shown = _preview(app, visit, number, asked)
    except (NotFoundError, SubscribersError):
        why = "Unter dieser Adresse ist niemand bekannt." if asked.get("adresse") else "Die Ausgabe ist noch leer."
        return _framed(pages.render("newsroom/desk-nothing.html", why=why), app)
    view = asked.get("ansicht", "html")
    if view != "html":
        return Response(_as_text(shown, view), media_type=MediaType.TEXT, headers=_FRAME_OF_TEXT)
    page = in_scheme(shown.framed(pictures=asked.get("bilder") != "aus"), dark=asked.get("farben") == "dunkel")
    wanted = asked.get("artikel", "")
    title = next((each.article.title for each in state.articles if each.key == wanted), "")
    return _framed(with_mark(page, title) if title else page, app)


@get("/ausgaben/{number:int}/tisch/bild", sync_to_thread=True)
def show_picture_of_message(request: _Request, app: TheApp, visit: TheVisit, number: Number) -> Response[Any]:
    """The message as a PNG to keep."""
    from digest.render.screenshot import screenshot

    asked = request.query_params
    state_of(app, number)
    width = asked.get("breite", "") if asked.get("breite", "") in _WIDTHS else "640"
    dark = asked.get("farben") == "dunkel"
    try:
        shown = _preview(app, visit, number, asked)
        with _ONE_PICTURE:
            png = screenshot(shown.framed(pictures=asked.get("bilder") != "aus"), int(width), dark=dark)
    except (DigestError, SubscribersError) as problem:
        return visit.go(desk_path(number), f"Das Bild ließ sich nicht machen: {problem}", tone="wrong")
    name = f"ausgabe-{number}-{width}{'-dunkel' if dark else ''}.png"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(png, media_type="image/png", headers=headers)


def in_scheme(page: str, *, dark: bool) -> str:
    """The page as a device shows it that is set to dark, or to light, whatever the device in front of it is set to."""

    def ruled(found: re.Match[str]) -> str:
        return _ALWAYS if (found[1].lower() == "dark") == dark else _NEVER

    def decided(found: re.Match[str]) -> str:
        return _SCHEMES.sub(rf"\g<1>{'dark' if dark else 'light'}", _ASKED.sub(ruled, found[0]))

    return _STYLES.sub(decided, page)


def with_mark(page: str, title: str) -> str:
    """The page with an empty element of the id MARK where that title stands by itself for the first time."""
    for found in _TEXT.finditer(page, page.find("<body")):
        if html.unescape(found[1]).strip() == title:
            place = found.start(1)
            return f'{page[:place]}<span id="{MARK}" style="scroll-margin-top: 90px"></span>{page[place:]}'
    return page


def _preview(app: App, visit: Visit, number: int, asked: Mapping[str, Any]) -> MessagePreview:
    address = str(asked.get("adresse", "")).strip()
    if address and visit.editor.role is not Role.ADMIN:
        raise PermissionDeniedException()
    persona = str(asked.get("als", ""))
    return app.desk_previews().preview(number, persona if persona in PERSONAS else "sie", address=address)


def _as_text(shown: MessagePreview, view: str) -> str:
    if view == "kopf":
        return "\n".join(f"{name}: {value}" for name, value in shown.headers) + f"\n\nHTML: {shown.size} Byte\n"
    return shown.text if view == "text" else shown.raw.decode("ascii", "backslashreplace").replace("\r\n", "\n")


_FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
_FRAME_OF_TEXT = {
    "content-security-policy": _FRAME.format(pictures="'none'"),
    "x-frame-options": "SAMEORIGIN",
}


def _framed(page: str, app: App) -> Response[str]:
    pictures = " ".join(["data:", *_own_hosts(app)])
    headers = {"content-security-policy": _FRAME.format(pictures=pictures), "x-frame-options": "SAMEORIGIN"}
    return Response(page, media_type=MediaType.HTML, headers=headers)


def _own_hosts(app: App) -> list[str]:
    """Where the site and its newsletters' logos are: named in the settings, never by a feed."""
    brands = [newsletter.brand for newsletter in app.settings.newsletters]
    named = [app.settings.site.base_url, *(url for brand in brands for url in (brand.logo, brand.logo_dark))]
    parts = [urlsplit(url) for url in named if url.startswith(("https://", "http://"))]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})
