"""Which relay the next session goes to: the first that is usable; one that fails is rested, the others carry on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from digest.deliver.limits import read_limits
from digest.deliver.quota import MemoryBook, Quotas, UsageBook
from digest.deliver.settings import Relay

#: Seconds that a relay rests after its first failure; each further one doubles them, up to the longest.
FIRST_REST = 1.0
LONGEST_REST = 60.0


class RelayState:
    """One relay's share of a run. `failures` counts those in a row; `out` means out for this run."""

    def __init__(self, relay: Relay, password: str) -> None:
        self.relay, self.password = relay, password
        self.in_use = 0
        self.failures = 0
        self.rest_until = 0.0
        self.out = False
        self.problem = ""
        self.keep_usage(MemoryBook())

    def keep_usage(self, book: UsageBook) -> None:
        """Count against the relay's limits in `book`."""
        self.quotas = Quotas(f"relay:{self.name}", read_limits(self.relay.limits), book)

    @property
    def name(self) -> str:
        host = f"[{self.relay.host}]" if ":" in self.relay.host else self.relay.host
        return f"{host}:{self.relay.port}"

    def down(self, now: float) -> bool:
        """Whether nothing can be had from it at `now`."""
        return self.out or now < self.rest_until


class RelayPool:
    """`now` is in seconds of one monotonic clock, `moment` is the time of day; the caller reads both."""

    def __init__(self, relays: Sequence[RelayState], *, first_rest: float = FIRST_REST) -> None:
        self.relays = tuple(relays)
        self._first_rest = first_rest

    def begin(self) -> None:
        """A new run: what was wrong in an earlier one may be mended. Without effect while connections are in use."""
        if not any(state.in_use for state in self.relays):
            for state in self.relays:
                state.out, state.failures, state.rest_until, state.problem = False, 0, 0.0, ""

    def take(self, now: float, moment: datetime) -> RelayState | None:
        """Reserve a connection and a message at the first relay that is usable, or None. Undone by `give_back`."""
        for state in self.relays:
            if not state.down(now) and state.in_use < state.relay.connections and state.quotas.take(moment):
                state.in_use += 1
                return state
        return None

    def give_back(self, state: RelayState) -> None:
        state.in_use -= 1

    def rest(self, state: RelayState, problem: str, now: float) -> float:
        """Leave the relay alone for a while; for how many seconds, or 0 where it is at rest already."""
        if now < state.rest_until:  # its other connections broke at the same moment
            return 0.0
        wait = min(self._first_rest * 2.0 ** min(state.failures, 20), LONGEST_REST)
        state.failures += 1
        state.rest_until, state.problem = now + wait, problem
        return wait

    def take_out(self, state: RelayState, problem: str) -> None:
        """Leave the relay alone for the rest of this run."""
        state.out, state.problem = True, problem

    def works(self, state: RelayState) -> None:
        state.failures = 0

    def limited(self, moment: datetime) -> list[RelayState]:
        """The relays that have reached a limit of theirs, the first with room again first."""
        full = [state for state in self.relays if not state.out and state.quotas.room(moment) < 1]
        return sorted(full, key=lambda state: state.quotas.free_at(moment))

    def done_at(self, moment: datetime, messages: int) -> datetime:
        """About when so many more will have left, as far as limits decide that."""
        usable = [state for state in self.relays if not state.out] or self.relays
        return max(state.quotas.done_at(moment, -(-messages // len(usable))) for state in usable)

    def all_out(self) -> bool:
        return all(state.out for state in self.relays)

    def all_down(self, now: float) -> bool:
        return all(state.down(now) for state in self.relays)

    def problems(self) -> str:
        """What was last wrong with each relay, for people."""
        return " ".join(dict.fromkeys(state.problem for state in self.relays if state.problem))
