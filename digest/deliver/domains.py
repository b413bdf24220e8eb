"""Sparing the destinations: limits per domain, and rest for a domain that is in trouble."""

from __future__ import annotations

import random
from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from digest.deliver.limits import OTHERS, Limit, read_domain_limits
from digest.deliver.quota import BUCKETS, MemoryBook, Quotas, UsageBook
from digest.deliver.replies import Reason
from digest.model.delivery import DeliveryState, Outcome

#: So many temporary failures in a row make a domain rest: one greylisted mailbox is not its domain's trouble.
PATIENCE = 3
#: Seconds of the first rest; each further one doubles them, up to the longest.
FIRST_REST = 60.0
LONGEST_REST = 1800.0
#: Those who wait come back a little later than they could, so that they find room even if others were late.
_PACE = 1.03
#: How many domains are remembered: those in trouble, and those that fall under "*".
_MOST_TROUBLES, _MOST_OTHERS = 10_000, 4_096
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Wait(msgspec.Struct, frozen=True):
    """Not now: when to come back, the reason as a word, and as a sentence for people."""

    until: datetime
    reason: str
    why: str


class DomainGate:
    """Asked before each message, told of each outcome. Domains are A-labels in small letters.

    `limits` is the setting `delivery.domain_limits`; ValueError where it cannot be read.
    """

    def __init__(self, limits: Mapping[str, str], dice: random.Random, book: UsageBook | None = None) -> None:
        self._dice, self._book = dice, book or MemoryBook()
        families = read_domain_limits(limits)
        self._others = families.pop((OTHERS,), ())
        self._lines: dict[str, _Line] = {}
        for family, of_family in families.items():
            self._lines |= dict.fromkeys(family, self._line(family, of_family))
        self._other_lines: OrderedDict[str, _Line] = OrderedDict()
        self._limited = bool(limits)
        self._troubles: dict[str, _Trouble] = {}
        self._submitted = 0

    def admit(self, domain: str, now: datetime) -> Wait | None:
        """None: go ahead, and it is counted. Otherwise when to come back: each who waits gets a turn of their own."""
        if self._troubles:
            trouble = self._troubles.get(domain)
            if trouble is not None and trouble.since <= now < trouble.until:
                spread = timedelta(seconds=trouble.rest * self._dice.uniform(0.0, 0.25))
                why = f"{domain} is left alone after {trouble.failures} failures in a row, lastly: {trouble.reply}"
                return Wait(trouble.until + spread, Reason.DOMAIN_REST, why)
        if self._limited:
            line = self._lines.get(domain) or (self._other_line(domain, now) if self._others else None)
            if line is not None:
                return line.admit(now)
        return None

    def heard(self, domain: str, outcome: Outcome, now: datetime) -> None:
        """Learn from the outcome of a message to `domain`; a success ends its trouble."""
        if outcome.state is DeliveryState.SUBMITTED:
            self._submitted += 1
            if self._troubles:
                self._troubles.pop(domain, None)
        elif outcome.state is DeliveryState.DEFERRED and outcome.reason in (Reason.TEMPORARY, Reason.CONNECTION):
            self._failed(domain, outcome, now)

    def done_at(self, now: datetime) -> datetime:
        """When the last of those who wait for a limit has its turn, as far as this process knows."""
        turns = [turn for line in self._every_line() if (turn := line.last_turn) is not None]
        return max(now, *turns) if turns else now

    def close(self, now: datetime) -> None:
        """Return what was reserved of the limits and not used: for the end of a run."""
        for line in self._every_line():
            line.quotas.give_back(now)

    def _every_line(self) -> set[_Line]:
        return {*self._lines.values(), *self._other_lines.values()}

    def _failed(self, domain: str, outcome: Outcome, now: datetime) -> None:
        trouble = self._troubles.get(domain)
        if trouble is None:
            if len(self._troubles) >= _MOST_TROUBLES:
                del self._troubles[next(iter(self._troubles))]
            trouble = self._troubles[domain] = _Trouble()
        elif trouble.since <= now < trouble.until:
            return  # it was under way when the rest began
        elif outcome.reason == Reason.CONNECTION and trouble.submitted == self._submitted:
            return  # nobody else got through meanwhile, either: that is the relay's doing
        trouble.submitted, trouble.reply = self._submitted, outcome.reply
        trouble.failures += 1
        if trouble.failures >= PATIENCE:
            longest = min(FIRST_REST * 2.0 ** min(trouble.failures - PATIENCE, 20), LONGEST_REST)
            trouble.rest = longest * self._dice.uniform(0.75, 1.0)
            trouble.since, trouble.until = now, now + timedelta(seconds=trouble.rest)

    def _other_line(self, domain: str, now: datetime) -> _Line:
        line = self._other_lines.get(domain)
        if line is None:
            if len(self._other_lines) >= _MOST_OTHERS:
                self._other_lines.popitem(last=False)[1].quotas.give_back(now)
            line = self._other_lines[domain] = self._line((domain,), self._others)
        self._other_lines.move_to_end(domain)
        return line

    def _line(self, family: tuple[str, ...], limits: tuple[Limit, ...]) -> _Line:
        names = ", ".join(family)
        return _Line(names, limits, Quotas(f"domain:{names}", limits, self._book), self._dice)


class _Trouble:
    """Failures in a row, the rest that they led to in seconds, and how many others had got through at the last."""

    __slots__ = ("failures", "reply", "rest", "since", "submitted", "until")

    def __init__(self) -> None:
        self.failures = self.submitted = 0
        self.rest = 0.0
        self.since = self.until = _LONG_AGO
        self.reply = ""


class _Line:
    """Those who wait for a limit: each gets a turn, in the window in which the limit has room for them."""

    __slots__ = ("_dice", "_names", "_now", "_spread", "_turns", "_waiting", "quotas")

    def __init__(self, names: str, limits: tuple[Limit, ...], quotas: Quotas, dice: random.Random) -> None:
        self.quotas = quotas
        self._names, self._dice = names, dice
        self._spread = max(limit.period for limit in limits) / BUCKETS
        #: The windows to come, each with how many have their turn in it; and how many that are altogether.
        self._turns: deque[tuple[datetime, int]] = deque()
        self._waiting = 0
        self._now = _LONG_AGO

    def admit(self, now: datetime) -> Wait | None:
        if self.quotas.take(now):
            return None
        self._forget_turns(now)
        self._waiting += 1
        window = now + (self.quotas.done_at(now, self._waiting) - now) * _PACE
        if self._turns and self._turns[-1][0] >= window:
            window, others = self._turns.pop()
            self._turns.append((window, others + 1))
        else:
            self._turns.append((window, 1))
        turn = window + timedelta(seconds=self._dice.uniform(0.0, self._spread))
        return Wait(turn, Reason.DOMAIN_LIMIT, f"the limit of {self._names} is {self.quotas.in_the_way(now)}")

    @property
    def last_turn(self) -> datetime | None:
        """Where the line ends, None where it is empty."""
        return self._turns[-1][0] if self._turns else None

    def _forget_turns(self, now: datetime) -> None:
        """Leave out whose turn has come; and everybody where the clock was set back, since all turns are off then."""
        while self._turns and (self._turns[0][0] <= now or now < self._now):
            self._waiting -= self._turns.popleft()[1]
        self._now = now
