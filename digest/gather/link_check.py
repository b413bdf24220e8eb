"""Whether links lead anywhere: each is asked for, guarded as everything that a feed names, and remembered a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from enum import StrEnum

import msgspec

from digest.errors import FetchError
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings
from digest.gather.urls import url_key

#: How long one link may take, and all of them together, in seconds.
_EACH, _ALL = 5.0, 12.0
_AT_ONCE = 8
#: How long an answer holds.
_REMEMBERED = 600.0
_MOST = 1_000
_MAX_BYTES = 2_000_000
#: What says that there is no such page, rather than that it could not be had just now.
_GONE = ("answered 404", "answered 410")


class LinkState(StrEnum):
    """UNKNOWN: there was no answer, or no time left to wait for one."""

    GOOD = "good"
    MOVED = "moved"
    DEAD = "dead"
    UNKNOWN = "unknown"


class LinkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`detail` is where it leads now, or what went wrong."""

    state: LinkState
    detail: str = ""


class LinkChecker:
    """Keep one for as long as its answers shall be remembered. May be used from several threads."""

    def __init__(self, settings: GatherSettings, clock: Callable[[], float] = time.monotonic) -> None:
        timeout = min(_EACH, settings.timeout_seconds)
        self._settings = msgspec.structs.replace(
            settings, timeout_seconds=timeout, max_bytes=min(_MAX_BYTES, settings.max_bytes)
        )
        self._clock = clock
        self._known: dict[str, tuple[float, LinkAnswer]] = {}

    def check(self, urls: Iterable[str]) -> dict[str, LinkAnswer]:
        """An answer for every one of `urls`, within a few seconds."""
        wanted, now = list(dict.fromkeys(urls)), self._clock()
        known = {url: answer for url, (at, answer) in list(self._known.items()) if now - at < _REMEMBERED}
        found = self._ask([url for url in wanted if url not in known])
        told = {url: (now, answer) for url, answer in found.items() if answer.state is not LinkState.UNKNOWN}
        self._known = dict(list((self._known | told).items())[-_MOST:])
        return {url: known.get(url) or found.get(url, LinkAnswer(state=LinkState.UNKNOWN)) for url in wanted}

    def _ask(self, urls: list[str]) -> dict[str, LinkAnswer]:
        if not urls:
            return {}
        with Fetcher(self._settings) as fetcher, ThreadPoolExecutor(_AT_ONCE) as pool:
            asked: dict[Future[LinkAnswer], str] = {pool.submit(_answer, fetcher, url): url for url in urls}
            done, _ = wait(asked, timeout=_ALL)
            # What runs still ends by its own time-out.
            pool.shutdown(wait=True, cancel_futures=True)
            return {asked[future]: future.result() for future in done}


def _answer(fetcher: Fetcher, url: str) -> LinkAnswer:
    try:
        fetched = fetcher.get(url)
    except FetchError as problem:
        dead = problem.problem.startswith(_GONE)
        return LinkAnswer(state=LinkState.DEAD if dead else LinkState.UNKNOWN, detail=problem.problem)
    if url_key(fetched.url) != url_key(url):
        return LinkAnswer(state=LinkState.MOVED, detail=fetched.url)
    return LinkAnswer(state=LinkState.GOOD)
