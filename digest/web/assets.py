"""Style sheets and scripts: read once at the start, served for a year under an address that names their content."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.errors import TemplateError
from digest.model.newsletter import Newsletter
from digest.render.colours import readable

_FOREVER = "public, max-age=31536000, immutable"
#: The grounds of a page by day and by night; the style sheet has the same.
_DAY, _NIGHT = "#f4f1ea", "#121417"
_PLAIN_NIGHT = 6.5


class Asset(NamedTuple):
    """`version` is a hash of `content`."""

    content: bytes
    media_type: str
    version: str


class Assets:
    """The files of `static/` in some folders of web templates, the later folder winning, and a sheet per newsletter."""

    def __init__(self, folders: Sequence[Path], newsletters: Sequence[Newsletter]) -> None:
        """Raises TemplateError for a file that cannot be read."""
        self._assets: dict[str, Asset] = {}
        for folder in folders:
            for file in sorted((folder / "static").glob("*")):
                try:
                    self._add(file.name, file.read_bytes())
                except OSError as problem:
                    raise TemplateError(f"web/static/{file.name}", None, f"cannot be read: {problem}") from problem
        for newsletter in newsletters:
            self._add(accent_name(newsletter.slug), _accent_sheet(newsletter.brand.accent).encode())

    def _add(self, name: str, content: bytes) -> None:
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._assets[name] = Asset(content, media_type, hashlib.sha256(content).hexdigest()[:12])

    def __contains__(self, name: str) -> bool:
        return name in self._assets

    def url(self, name: str) -> str:
        """Where the file `name` is served. Raises KeyError."""
        return f"/static/{self._assets[name].version}/{name}"

    def find(self, version: str, name: str) -> Asset | None:
        """That version of the file, if it is the one that we have."""
        asset = self._assets.get(name)
        return asset if asset and asset.version == version else None


def accent_name(slug: str) -> str:
    """What the sheet of a newsletter's own colour is called."""
    return f"newsletter-{slug}.css"


def _accent_sheet(accent: str) -> str:
    """A newsletter's own colour, mixed until it can be read by day and by night, as in its mails."""
    by_day, by_night = readable(accent, _DAY), readable(accent, _NIGHT, _PLAIN_NIGHT)
    return (
        f":root {{ --bar: {accent}; --accent: {by_day}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {by_night}; }} }}\n"
    )


@get("/static/{version:str}/{name:str}", sync_to_thread=False)
def show_asset(version: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """404 for an older version: who holds an older page asks for a new one."""
    assets: Assets = request.app.state.assets
    asset = assets.find(version, name)
    if asset is None:
        raise NotFoundException()
    return Response(asset.content, media_type=asset.media_type, headers={"cache-control": _FOREVER})
