"""Where a reader's request comes from, as it is written down beside a consent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from litestar import Request

from digest.app import App
from digest.model.reader import Origin
from digest.render.weblinks import web_link

_LONGEST = 300


def origin_of(request: Request[Any, Any, Any], app: App, path: str, consent_text_version: str = "") -> Origin:
    """`path` names the page without its token. A form on somebody else's page is that page, where the browser says it.

    What stands behind "?" or "#" there is nobody's business here.
    """
    page = app.settings.site.base_url + path
    elsewhere = web_link(request.headers.get("referer"))
    if elsewhere:
        shown = urlunsplit(urlsplit(elsewhere)._replace(query="", fragment=""))
        if len(shown) <= _LONGEST and not shown.startswith(app.settings.site.base_url + "/"):
            page = shown
    client = request.client
    return Origin(ip=client.host if client else "", page=page, consent_text_version=consent_text_version)
