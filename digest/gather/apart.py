"""Reading a feed in a process of its own, with an end to its time and its memory.

The parser's expressions take quadratic time for some hostile content, and nothing can interrupt them in this process.
A small feed cannot take long and is read here. The other process is started as `python -m digest.gather.apart`.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from zoneinfo import ZoneInfo

import msgspec

from digest.gather.xmlfeed import Feed, FeedBytes, read_feed
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

#: Bytes that are read right here.
SMALL = 16_000
#: Bytes of memory that the other process may have.
MEMORY = 1_500_000_000


class _Reply(msgspec.Struct, frozen=True, kw_only=True):
    feed: Feed | None = None
    problem: str = ""


def read_apart(feed: FeedBytes, seconds: float) -> Feed:
    """What `read_feed` makes of it, within `seconds`. Raises UnsoundError for what is no feed or takes too much."""
    if len(feed.content) <= SMALL:
        return read_feed(feed)
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-m", "digest.gather.apart", f"{seconds:.0f}"],
            input=msgspec.msgpack.encode(feed),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnsoundError(f"could not be read in {seconds:g} seconds") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise UnsoundError(f"could not be read within its limits ({last[:200] or done.returncode})")
    reply = msgspec.msgpack.decode(done.stdout, type=_Reply)
    if reply.feed is None:
        raise UnsoundError(reply.problem)
    zone = ZoneInfo(feed.zone)
    return Feed(articles=tuple(_at_home(article, zone) for article in reply.feed.articles), note=reply.feed.note)


def _at_home(article: Article, zone: ZoneInfo) -> Article:
    """Moments travel in UTC."""
    published = article.published and article.published.astimezone(zone)
    return msgspec.structs.replace(article, published=published)


def main() -> None:
    seconds = int(sys.argv[1]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    feed = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=FeedBytes)
    try:
        reply = _Reply(feed=read_feed(feed))
    except UnsoundError as unsound:
        reply = _Reply(problem=str(unsound))
    sys.stdout.buffer.write(msgspec.msgpack.encode(reply))


if __name__ == "__main__":
    main()
