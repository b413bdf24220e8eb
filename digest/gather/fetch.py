"""Reading what lies outside: files and, guarded against SSRF, pages and feeds."""

from __future__ import annotations

import msgspec

from digest.gather.settings import GatherSettings


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is where the content came from in the end; `content_type` as the server said it, "" where nobody did."""

    content: bytes
    url: str
    content_type: str = ""


class Fetcher:
    """Reads URLs and files within the limits of [gather]."""

    def __init__(self, settings: GatherSettings) -> None:
        self.settings = settings

    def get(self, url: str, *, trusted: bool = False) -> Fetched:
        """Fetch `url`; `trusted` only for a URL that stands in the settings. Raises FetchError with a sentence."""
        raise NotImplementedError
