"""Reading feeds, pages and WordPress's answers in a process of its own, with an end to its time and its memory.

The parsers' expressions and searches take quadratic time for some hostile content, and nothing can interrupt them in
this process. What is small cannot take long and is read here. The other process is started as
`python -m digest.gather.read_apart` when it is first needed, and kept until its source is done.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO
from zoneinfo import ZoneInfo

import msgspec

from digest.gather.guard import seconds_left
from digest.gather.jsonfeed import is_json, read_json_feed
from digest.gather.page_reading import PageBytes, PageFound, read_page
from digest.gather.wordpress_posts import Posts, PostsBytes, read_posts
from digest.gather.xmlfeed import Feed, FeedBytes, read_feed
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

#: Bytes that are read right here.
SMALL = 16_000
#: Bytes of memory that the other process may have.
MEMORY = 1_500_000_000
#: Seconds that the other process may take to load its parsers.
LOADING_SECONDS = 30.0
_LENGTH = 8


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    """One of them; `seconds` is for the other process's own limit."""

    seconds: float
    feed: FeedBytes | None = None
    page: PageBytes | None = None
    posts: PostsBytes | None = None


class _Reply(msgspec.Struct, frozen=True, kw_only=True):
    feed: Feed | None = None
    page: PageFound | None = None
    posts: Posts | None = None
    problem: str = ""


def read_feed_apart(feed: FeedBytes, seconds: float) -> Feed:
    """The feed, of any format, read within `seconds`. Raises UnsoundError for what is no feed or takes too much."""
    if len(feed.content) <= SMALL:
        return _read_feed(feed)
    reply = _ask(_Request(feed=feed, seconds=_allowed(seconds)))
    if reply.feed is None:
        raise UnsoundError(reply.problem)
    zone = ZoneInfo(feed.zone)
    return msgspec.structs.replace(
        reply.feed, articles=tuple(_at_home(article, zone) for article in reply.feed.articles)
    )


def read_page_apart(page: PageBytes, seconds: float) -> PageFound:
    """What `read_page` finds, within `seconds`. Raises UnsoundError for what takes too much."""
    if len(page.content) <= SMALL:
        return read_page(page)
    reply = _ask(_Request(page=page, seconds=_allowed(seconds)))
    if reply.page is None:
        raise UnsoundError(reply.problem)
    article = reply.page.article and _at_home(reply.page.article, ZoneInfo(page.zone))
    return msgspec.structs.replace(reply.page, article=article)


def read_posts_apart(posts: PostsBytes, seconds: float) -> Posts:
    """What `read_posts` finds, within `seconds`. Raises UnsoundError for what is no list of posts or takes too much."""
    if len(posts.content) <= SMALL:
        return read_posts(posts)
    reply = _ask(_Request(posts=posts, seconds=_allowed(seconds)))
    if reply.posts is None:
        raise UnsoundError(reply.problem)
    zone = ZoneInfo(posts.zone)
    return msgspec.structs.replace(
        reply.posts, articles=tuple(_at_home(article, zone) for article in reply.posts.articles)
    )


@contextmanager
def one_reader() -> Iterator[None]:
    """All that is read apart inside shares one process, which ends with the block."""
    reader = _Reader()
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)
        reader.close()


def _allowed(seconds: float) -> float:
    allowed = min(seconds, seconds_left())
    if allowed <= 0:
        raise UnsoundError("was not read: the time for this source is used up")
    return allowed


def _ask(request: _Request) -> _Reply:
    reader = _reader.get()
    if reader is not None:
        return reader.ask(request)
    with one_reader():
        return _ask(request)


def _at_home(article: Article, zone: ZoneInfo) -> Article:
    """Moments travel in UTC."""
    published = article.published and article.published.astimezone(zone)
    return msgspec.structs.replace(article, published=published)


class _Reader:
    """The other process. It answers one request at a time; one that takes too long costs it its life."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: _Request) -> _Reply:
        """Raises UnsoundError where no answer comes in time, or none at all."""
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "digest.gather.read_apart"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        process = self._process
        assert process.stdin is not None  # noqa: S101, both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            with _killed_after(LOADING_SECONDS, process) as late:
                _send(process.stdin, msgspec.msgpack.encode(request))
                loaded = _receive(process.stdout) is not None
            if loaded:
                with _killed_after(request.seconds, process) as late:
                    answer = _receive(process.stdout)
                if answer is not None:
                    return msgspec.msgpack.decode(answer, type=_Reply)
        except OSError as error:
            self.close()
            raise UnsoundError(f"could not be read: {error.strerror}") from error
        self.close()
        if late.is_set():
            raise UnsoundError(f"could not be read in {request.seconds:.3g} seconds")
        raise UnsoundError(f"could not be read within its limits ({process.returncode})")

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


_reader: ContextVar[_Reader | None] = ContextVar("reader", default=None)


@contextmanager
def _killed_after(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[threading.Event]:
    """End the process if the block takes longer; the event says whether that happened."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(len(content).to_bytes(_LENGTH, "big") + content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """What the other side sent; None where it is gone."""
    head = pipe.read(_LENGTH)
    length = int.from_bytes(head, "big")
    content = pipe.read(length) if len(head) == _LENGTH else b""
    return content if len(head) == _LENGTH and len(content) == length else None


def _read_feed(feed: FeedBytes) -> Feed:
    if is_json(feed.content):
        zone = ZoneInfo(feed.zone)
        return Feed(articles=read_json_feed(feed.content, base=feed.base, source=feed.source, zone=zone))
    return read_feed(feed)


def _answer(request: _Request) -> _Reply:
    try:
        if request.feed is not None:
            return _Reply(feed=_read_feed(request.feed))
        if request.posts is not None:
            return _Reply(posts=read_posts(request.posts))
        assert request.page is not None  # noqa: S101, it is one of them
        return _Reply(page=read_page(request.page))
    except UnsoundError as unsound:
        return _Reply(problem=str(unsound))
    except MemoryError:
        return _Reply(problem="needs more memory than a page or feed may have")
    except Exception as broken:  # noqa: BLE001, told by the one who asked
        return _Reply(problem=f"cannot be read: {type(broken).__name__}")


def main() -> None:
    """Answer requests from stdin on stdout until it ends: each first with nothing, to say that it is loaded."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    while (asked := _receive(sys.stdin.buffer)) is not None:
        request = msgspec.msgpack.decode(asked, type=_Request)
        _send(answers, b"")
        # In case nobody is there any more to end it.
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + request.seconds) + 2, hard))
        _send(answers, msgspec.msgpack.encode(_answer(request)))


if __name__ == "__main__":
    main()
