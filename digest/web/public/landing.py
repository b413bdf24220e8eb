"""/ and /anmelden: the newsletters, each with its way in."""

from __future__ import annotations

from litestar import Response, get

from digest.web.parts import ThePages


@get(["/", "/anmelden"])
async def show_landing(pages: ThePages) -> Response[str]:
    return pages.show("landing.html", everybody=True)
