"""/ausgabe: a reader's own message as a page ("Im Browser ansehen"), the very one that they were sent."""

from __future__ import annotations

import re

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.links import read_token
from digest.render.inline_pictures import html_with_pictures
from digest.web.parts import TheApp
from subscribers.repository import subscriber_by_handle

_PICTURE_HOST = re.compile(r'<img[^>]*\ssrc="(https?://[^/"\s;,]+)/', re.ASCII)


@get("/ausgabe/{token:str}", sync_to_thread=True)
def show_own_message(app: TheApp, token: FromPath[str]) -> Response[str]:
    """Nothing in it can run or read anything: a mail's HTML, in a sandbox, with the styles and pictures that it has.

    Raises NotFoundException for a token that is none, or whose reader or edition is gone.
    """
    facts = read_token(app.secret, "browser", token)
    if facts is None:
        raise NotFoundException()
    with app.database.read() as connection:
        person = subscriber_by_handle(connection, facts.handle)
    if person is None:
        raise NotFoundException()
    html = html_with_pictures(app.preview(facts.edition, person.email).data)
    hosts = sorted({found.lower() for found in _PICTURE_HOST.findall(html)})
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {' '.join(['data:', *hosts])}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    return Response(html, media_type=MediaType.HTML, headers={"content-security-policy": policy})
