"""Reading what lies outside: files and, guarded against SSRF, pages and feeds."""

from __future__ import annotations

import logging
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx2
import msgspec
import stamina
from ssrfguard import Resolver, SSRFGuardError

from digest.errors import FetchError, SettingsError
from digest.gather.guard import GuardedTransport, TooLongError, make_policy, seconds_left, until
from digest.gather.lines import one_line
from digest.gather.settings import GatherSettings

MAX_REDIRECTS = 5
#: How often the URL of a source is asked for; what it leads to gets one try, for there may be many of them.
ATTEMPTS = 3
#: A source as a whole, with all the pages it leads to, may take this many times `timeout_seconds`.
SOURCE_SHARE = 3
#: Seconds for which a host is left alone that said "too many" without saying for how long, or did not answer.
QUIET_SECONDS = 60.0
_HEADERS = {
    "Accept": "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "text/html;q=0.8, */*;q=0.5",
    "Accept-Language": "de, en;q=0.5",
    "Accept-Encoding": "gzip, deflate",
    # News is never taken from a cache unasked, only after the server has said that nothing changed.
    "Cache-Control": "no-cache",
}
#: What stands before the @ of a URL.
_CREDENTIALS = re.compile(r"//[^/?#\s']*@")
_log = logging.getLogger(__name__)
_UNPACKED = frozenset({"", "identity", "gzip", "deflate"})


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is where the content came from in the end; `content_type` as the server said it, "" where nobody did.

    `location` is the server's Content-Location, "" without one: what relative links in a feed refer to. `headers` are
    all that the server sent, by their names in small letters.
    """

    content: bytes
    url: str
    content_type: str = ""
    location: str = ""
    headers: dict[str, str] = {}


class Fetcher:
    """Reads URLs and files within the limits of [gather]. Its clients may be shared between threads.

    With `cache`, a file, what a server marks with ETag or Last-Modified is asked for conditionally (RFC 9111). Raises
    SettingsError where `allow_networks` would switch the guard off.
    """

    def __init__(
        self, settings: GatherSettings, *, cache: Path | None = None, resolver: Resolver | None = None
    ) -> None:
        self.settings = settings
        self._quiet: dict[str, tuple[float, FetchError]] = {}
        try:
            policies = {trusted: make_policy(settings.allow_networks, trusted=trusted) for trusted in (True, False)}
        except ValueError as error:
            raise SettingsError("gather.allow_networks", str(error), "the settings") from error
        # Two clients, so that no connection opened for the operator is ever used for what a feed leads to.
        self._clients = {
            trusted: httpx2.Client(
                transport=_cached(
                    GuardedTransport(policy, resolver, max_bytes=settings.max_bytes), cache if trusted else None
                ),
                headers={**_HEADERS, "User-Agent": settings.user_agent},
                timeout=settings.timeout_seconds,
                trust_env=False,
            )
            for trusted, policy in policies.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    @contextmanager
    def one_source(self) -> Iterator[None]:
        """Everything this thread fetches inside shares one deadline."""
        with until(time.monotonic() + SOURCE_SHARE * self.settings.timeout_seconds):
            yield

    def get(self, url: str, *, trusted: bool = False) -> Fetched:
        """Fetch `url`; `trusted` only for a URL that stands in the settings. Raises FetchError with a sentence.

        Ends after `timeout_seconds`, repetitions and redirects included. A redirect is never trusted.
        """
        with until(time.monotonic() + self.settings.timeout_seconds):
            for attempt in stamina.retry_context(
                on=_worth_a_retry,
                attempts=ATTEMPTS if trusted else 1,
                timeout=None,
                wait_initial=0.2,
                wait_max=2.0,
                wait_jitter=0.2,
            ):
                with attempt:
                    return self._follow(url, trusted)
        raise AssertionError("stamina ends by a result or an error")

    def read(self, path: Path) -> Fetched:
        """The content of a local file, of at most `max_bytes`. Raises FetchError with a sentence."""
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise FetchError(str(path), "is a folder" if path.is_dir() else "is no file that can be read")
            with path.open("rb") as file:
                content = file.read(self.settings.max_bytes + 1)
        except FileNotFoundError as error:
            raise FetchError(str(path), "does not exist") from error
        except (OSError, ValueError) as error:
            raise FetchError(str(path), f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
        if len(content) > self.settings.max_bytes:
            raise FetchError(str(path), f"is bigger than {self.settings.max_bytes} bytes (gather.max_bytes)")
        return Fetched(content=content, url=path.absolute().as_uri())

    def _follow(self, url: str, trusted: bool) -> Fetched:
        seen: set[str] = set()
        for _ in range(MAX_REDIRECTS + 1):
            if url in seen:
                raise FetchError(shown_url(url), "redirects in a circle")
            seen.add(url)
            fetched, target = self._request(url, trusted)
            if fetched is not None:
                return fetched
            url, trusted = target, False
        raise FetchError(shown_url(url), f"redirects more than {MAX_REDIRECTS} times")

    def _request(self, url: str, trusted: bool) -> tuple[Fetched | None, str]:
        """What is there, or None and where it has gone."""
        host = shown_url(url).partition("//")[2].partition("/")[0].lower()
        until_then, earlier = self._quiet.get(host, (0.0, None))
        if earlier is not None and time.monotonic() < until_then and (not trusted or _too_many(earlier)):
            raise FetchError(shown_url(url), f"was not asked for: {earlier}")
        try:
            with self._clients[trusted].stream("GET", url) as response:
                if response.has_redirect_location:
                    return None, urljoin(url, response.headers["location"])
                self._check(response, url)
                return Fetched(
                    content=self._body(response, url),
                    url=url,
                    content_type=response.headers.get("content-type", ""),
                    location=response.headers.get("content-location", ""),
                    headers=dict(response.headers.items()),
                ), ""
        except (httpx2.HTTPError, httpx2.InvalidURL, SSRFGuardError, UnicodeError, ValueError) as error:
            problem = self._problem(url, error)
            if isinstance(error, httpx2.ConnectError | httpx2.TimeoutException):
                self._quiet[host] = (time.monotonic() + QUIET_SECONDS, problem)
            raise problem from error
        except FetchError as error:
            if _too_many(error):
                wait = QUIET_SECONDS if error.retry_after is None else error.retry_after
                self._quiet[host] = (time.monotonic() + wait, error)
            raise

    def _check(self, response: httpx2.Response, url: str) -> None:
        status, after = response.status_code, _retry_after(response.headers.get("retry-after", ""))
        if status == 200:
            return
        said = f"answered {status} {one_line(response.reason_phrase)[:100]}".rstrip()
        if status == 410:
            gone = f"{said}: it is gone for good and can be taken out of the settings"
            raise FetchError(shown_url(url), gone, status=status)
        if status in (429, 503) and after is not None:
            said = f"{said}: come back in {after:.0f} seconds"
            raise FetchError(shown_url(url), said, retry_after=after, status=status)
        raise FetchError(shown_url(url), said, retry_after=0.0 if status >= 500 else None, status=status)

    def _body(self, response: httpx2.Response, url: str) -> bytes:
        coding = response.headers.get("content-encoding", "").strip().lower()
        if coding not in _UNPACKED:
            # Also several codings on top of each other, which is how a small bomb gets past a limit on its output.
            raise FetchError(shown_url(url), f"is packed as {coding[:40]!r}, which was not asked for")
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > self.settings.max_bytes:
                raise FetchError(shown_url(url), f"is bigger than {self.settings.max_bytes} bytes (gather.max_bytes)")
            if seconds_left() <= 0:
                raise httpx2.ReadTimeout("the time for this source is used up")
        return bytes(content)

    def _problem(self, url: str, error: Exception) -> FetchError:
        """The sentence for what went wrong underneath."""
        shown, why = shown_url(url), _CREDENTIALS.sub("//", one_line(str(error)))[:300]
        if isinstance(error, TooLongError):
            return FetchError(shown, f"is bigger than {self.settings.max_bytes} bytes (gather.max_bytes)")
        if isinstance(error, SSRFGuardError):
            return FetchError(shown, f"may not be fetched ({why}); your own networks go into gather.allow_networks")
        if isinstance(error, httpx2.TimeoutException):
            return FetchError(shown, f"did not answer in {self.settings.timeout_seconds:g} seconds")
        if isinstance(error, httpx2.ConnectError):
            return FetchError(shown, f"cannot be reached: {why}", retry_after=0.0)
        if isinstance(error, httpx2.DecodingError):
            return FetchError(shown, f"is damaged: {why}")
        if isinstance(error, httpx2.TransportError):
            return FetchError(shown, f"broke off: {why or type(error).__name__}", retry_after=0.0)
        return FetchError(shown, f"is no address that can be fetched: {why}")


def files_in(folder: Path, *suffixes: str) -> Iterator[Path]:
    """The folder's files of these suffixes (all without any), by name, hidden ones left out.

    Neither are links that lead out of the folder: whoever may put a file there could have any other one published.
    Ends with a warning where the time for the source is used up.
    """
    home = folder.resolve()
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or (suffixes and path.suffix.lower() not in suffixes) or not path.is_file():
            continue
        if seconds_left() <= 0:
            _log.warning("%s: the time for this source is used up; %s and what follows was not read", folder, path.name)
            return
        if path.is_symlink() and not path.resolve().is_relative_to(home):
            _log.warning("%s is a link that leads out of its folder and was not read", path)
            continue
        yield path


def _cached(transport: httpx2.BaseTransport, file: Path | None) -> httpx2.BaseTransport:
    if file is None:
        return transport
    from hishel import SqliteStorage
    from hishel.httpx2 import CacheTransport

    file.parent.mkdir(parents=True, exist_ok=True)
    # It holds whole requests, and with them the credentials of a source.
    file.touch(mode=0o600)
    return CacheTransport(transport, SqliteStorage(database_path=file, max_size=100_000_000), rfc=True)


def _too_many(error: FetchError) -> bool:
    return error.status == 429


def _worth_a_retry(error: Exception) -> bool | float:
    """Seconds to wait before the next try, True for the usual ones, False where another try is of no use."""
    if not isinstance(error, FetchError) or error.retry_after is None or error.retry_after >= seconds_left():
        return False
    return error.retry_after or seconds_left() > 0.5


def _retry_after(value: str) -> float | None:
    """Seconds, from a number or a date (RFC 9110, 10.2.3); None where it says nothing usable."""
    if value.strip().isascii() and value.strip().isdigit():
        return float(min(int(value.strip()[:9]), 86_400 * 7))
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0), 86_400.0 * 7)
    except (ValueError, TypeError, OverflowError):
        return None


def shown_url(url: str) -> str:
    """The URL as it may stand in a log: without credentials, and not endless."""
    head, slashes, rest = url.partition("//")
    authority, slash, path = rest.partition("/")
    return one_line(f"{head}{slashes}{authority.rpartition('@')[2]}{slash}{path}"[:300])
