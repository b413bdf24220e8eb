"""/robots.txt. What must not be found says so itself (X-Robots-Tag): robots obey only pages that they may read."""

from __future__ import annotations

from litestar import MediaType, get


@get("/robots.txt", media_type=MediaType.TEXT, sync_to_thread=False)
def show_robots() -> str:
    return "User-agent: *\nDisallow: /api/\nDisallow: /redaktion\n"
