"""Limits kept strictly over any period, across restarts and crashes, without writing for every message."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from digest.deliver.limits import Limit

#: Sub-buckets of a period: more are more exact, and more to keep.
BUCKETS = 60
#: How long a full bucket stands in the way, in buckets: its own length and a period.
_CYCLE = BUCKETS + 1
#: What part of a limit is reserved at once, and so lost in a crash.
_SHARE = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: What was used: period in seconds -> number of the bucket since 1970 -> messages.
Used = Mapping[int, Mapping[int, int]]


class UsageBook(Protocol):
    """Where usage is kept, by key, so that it outlives the process and binds every process."""

    def change(self, key: str, decide: Callable[[Used], Used], now: datetime) -> None:
        """Replace what stands under `key` by what `decide` makes of it; durable on return.

        One transaction: nobody else changes it between reading and writing. `decide` may be called again.
        """
        ...


class MemoryBook:
    """A book for one process, gone with it."""

    def __init__(self) -> None:
        self.pages: dict[str, Used] = {}

    def change(self, key: str, decide: Callable[[Used], Used], now: datetime) -> None:  # noqa: ARG002, see UsageBook
        self.pages[key] = decide(self.pages.get(key, {}))


class Quota:
    """One limit as a sliding window of buckets; `used` counts messages by bucket.

    A bucket counts whole until its last moment has left the window, so no period ever sees more than the limit.
    """

    def __init__(self, limit: Limit, used: Mapping[int, int] | None = None) -> None:
        self.limit = limit
        self.used = dict(used or {})
        #: How long it takes until all of the limit can be used once more.
        self.cycle = timedelta(seconds=limit.period) * _CYCLE / BUCKETS

    def bucket(self, now: datetime) -> int:
        """The number of the bucket that `now` is in."""
        return (now - _EPOCH) // _MICROSECOND * BUCKETS // (self.limit.period * 1_000_000)

    def room(self, now: datetime) -> int:
        return max(0, self.limit.count - sum(self._counting(now).values()))

    def add(self, now: datetime, messages: int) -> None:
        """Count `messages` as sent now, and forget what is too old."""
        self.used = self._counting(now)
        current = self.bucket(now)
        self.used[current] = self.used.get(current, 0) + messages

    def free_at(self, now: datetime) -> datetime:
        """The earliest moment with room for a message."""
        return self.done_at(now, 1)

    def done_at(self, now: datetime, messages: int) -> datetime:
        """When the last of so many more finds room, if each leaves as soon as it does."""
        if messages <= 0:
            return now
        counting = self._counting(now)
        cycles, still = divmod(messages - 1, self.limit.count)
        still -= self.limit.count - sum(counting.values())
        bucket = self.bucket(now)
        for full in sorted(counting):
            if still < 0:
                break
            still -= counting[full]
            bucket = full + _CYCLE
        return max(now, self._begin(bucket + cycles * _CYCLE))

    def _counting(self, now: datetime) -> dict[int, int]:
        """`used` without what has left the window.

        What is more than a bucket ahead stems from before the clock was set back, and counts as of now.
        """
        current = self.bucket(now)
        counting: dict[int, int] = {}
        for bucket, messages in self.used.items():
            if bucket >= current - BUCKETS and messages:
                place = bucket if bucket <= current + 1 else current
                counting[place] = counting.get(place, 0) + messages
        return counting

    def _begin(self, bucket: int) -> datetime:
        # Rounded up: a microsecond earlier would be the bucket before.
        return _EPOCH + timedelta(microseconds=-(-bucket * self.limit.period * 1_000_000 // BUCKETS))


class Quotas:
    """All limits of one key (such as a relay), kept together; without limits there is room for everything.

    Messages are taken from a small reserve, which the book has counted as used beforehand: a crash loses it, and never
    lets more through. A reserve ends with its bucket; what is left of it then goes back.
    """

    def __init__(self, key: str, limits: Iterable[Limit], book: UsageBook) -> None:
        self.key, self._book = key, book
        self._quotas = [Quota(limit) for limit in sorted(limits, key=lambda limit: limit.period)]
        self._chunk = min((max(1, quota.limit.count // _SHARE) for quota in self._quotas), default=0)
        #: The reserve, and when it was made; while there is none, when it was refused and until when.
        self._held = 0
        self._reserved_at = self._refused_at = self._refused_until = _EPOCH
        self._looked = False

    def take(self, now: datetime, n: int = 1) -> bool:
        """Whether `n` messages may leave now; if so, they are counted."""
        if not self._quotas:
            return True
        if n > self._left(now) and (self._refused_at <= now < self._refused_until or self.reserve(now, n) < n):
            return False
        self._held -= n
        return True

    def put_back(self, now: datetime, n: int = 1) -> None:
        """Undo a `take` whose messages did not leave; without effect once its bucket is over."""
        if self._quotas and self._same_bucket(now):
            self._held += n

    def reserve(self, now: datetime, at_least: int = 1) -> int:
        """Have the book count a small part of the limit as used, or at least so many; how many may be taken now."""
        granted = 0

        def decide(used: Used) -> Used:
            nonlocal granted
            self._read(used)
            self._return_reserve()
            room = min(quota.room(now) for quota in self._quotas)
            granted = min(room, max(self._chunk, at_least))
            if granted < at_least:
                granted = 0
            for quota in self._quotas:
                quota.add(now, granted)
            return self._written(used)

        if not self._quotas:
            return sys.maxsize
        self._book.change(self.key, decide, now)
        self._held, self._reserved_at = granted, now
        if not granted:
            self._refused_at, self._refused_until = now, self.free_at(now)
        return granted

    def give_back(self, now: datetime) -> None:
        """Return what is left of the reserve: for the end of a run."""

        def decide(used: Used) -> Used:
            self._read(used)
            self._return_reserve()
            return self._written(used)

        if self._held:
            self._book.change(self.key, decide, now)
            self._held = 0

    def room(self, now: datetime) -> int:
        """How many could be taken now, as far as this process knows."""
        self._look(now)
        return self._left(now) + min((quota.room(now) for quota in self._quotas), default=sys.maxsize)

    def free_at(self, now: datetime) -> datetime:
        """The earliest moment with room for a message, as far as this process knows."""
        return self.done_at(now, 1)

    def in_the_way(self, now: datetime) -> str:
        """The limit that has to be waited for longest, such as "500/hour"; "" where there are none."""
        self._look(now)
        longest = max(self._quotas, key=lambda quota: quota.free_at(now), default=None)
        return str(longest.limit) if longest else ""

    def done_at(self, now: datetime, messages: int) -> datetime:
        """About when the last of so many more finds room, if each leaves as soon as it does."""
        self._look(now)
        return _done_at(self._quotas, now, messages - self._left(now))

    def _left(self, now: datetime) -> int:
        return self._held if self._held and self._same_bucket(now) else 0

    def _same_bucket(self, now: datetime) -> bool:
        finest = self._quotas[0]  # the longer buckets are made of whole shorter ones
        return finest.bucket(now) == finest.bucket(self._reserved_at)

    def _look(self, now: datetime) -> None:
        """Read the book once, where nothing was reserved yet."""

        def decide(used: Used) -> Used:
            self._read(used)
            return used

        if self._quotas and not self._looked:
            self._book.change(self.key, decide, now)

    def _read(self, used: Used) -> None:
        self._looked = True
        for quota in self._quotas:
            quota.used = dict(used.get(quota.limit.period, {}))

    def _return_reserve(self) -> None:
        for quota in self._quotas:
            bucket = quota.bucket(self._reserved_at)
            quota.used[bucket] = max(0, quota.used.get(bucket, 0) - self._held)

    def _written(self, used: Used) -> Used:
        # Limits that were taken out of the settings keep their page: they may come back.
        return {**used, **{quota.limit.period: quota.used for quota in self._quotas}}


def _done_at(quotas: list[Quota], now: datetime, messages: int) -> datetime:
    """The slowest limit decides; what it lets through in its last cycle, the others may hold up in turn."""
    done = now
    for quota in quotas if messages > 0 else ():
        done = max(done, quota.done_at(now, messages))
        others = [other for other in quotas if other is not quota]
        if others:
            cycles, last = divmod(messages - 1, quota.limit.count)
            done = max(done, _done_at(others, now, last + 1) + cycles * quota.cycle)
    return done
