"""/bilder: the articles' pictures, which mails and the archive show. Named by their content, so they never change."""

from __future__ import annotations

import re

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.web.parts import TheApp

_NAME = re.compile(r"[0-9a-f]{64}\.jpg", re.ASCII)
_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    # Webmail shows them on its own pages.
    "cross-origin-resource-policy": "cross-origin",
}


@get("/bilder/{name:str}", sync_to_thread=True)
def show_picture(app: TheApp, name: FromPath[str]) -> Response[bytes]:
    if not _NAME.fullmatch(name):
        raise NotFoundException()
    try:
        jpeg = (app.pictures_folder / name).read_bytes()
    except FileNotFoundError:
        raise NotFoundException() from None
    return Response(jpeg, media_type="image/jpeg", headers=_HEADERS)
