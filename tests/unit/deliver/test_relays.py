"""The first usable relay is taken; a failing one rests for longer and longer."""

from __future__ import annotations

from datetime import UTC, datetime

from digest.deliver.relays import LONGEST_REST, RelayPool, RelayState
from digest.deliver.settings import Relay

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)


def pool_of(*connections: int) -> RelayPool:
    relays = [
        Relay(host="127.0.0.1", port=2500 + n, tls="none", connections=many) for n, many in enumerate(connections)
    ]
    return RelayPool([RelayState(relay, "") for relay in relays])


def taken(pool: RelayPool, now: float) -> int | None:
    state = pool.take(now, NOON)
    return state.relay.port if state else None


def test_relays_fill_up_in_order_and_never_beyond_their_connections() -> None:
    pool = pool_of(2, 1)
    assert [taken(pool, 0.0) for _ in range(4)] == [2500, 2500, 2501, None]
    pool.give_back(pool.relays[0])
    assert taken(pool, 0.0) == 2500


def test_a_failing_relay_rests_and_the_other_goes_on() -> None:
    pool = pool_of(1, 1)
    first = pool.relays[0]
    assert pool.rest(first, "gone", 10.0) == 1.0
    assert taken(pool, 10.5) == 2501
    assert not pool.all_down(10.5)
    assert taken(pool, 11.0) == 2500


def test_rests_double_up_to_a_minute_and_end_with_success() -> None:
    pool = pool_of(1)
    state, now, rests = pool.relays[0], 0.0, []
    for _ in range(9):
        rests.append(pool.rest(state, "gone", now))
        now = state.rest_until
    assert rests == [1, 2, 4, 8, 16, 32, LONGEST_REST, LONGEST_REST, LONGEST_REST]
    pool.works(state)
    assert pool.rest(state, "gone", now) == 1.0


def test_connections_that_break_together_count_once() -> None:
    pool = pool_of(4)
    assert [pool.rest(pool.relays[0], "gone", 0.0), pool.rest(pool.relays[0], "gone", 0.5)] == [1.0, 0.0]
    assert pool.relays[0].failures == 1


def test_what_is_out_stays_out_and_is_told_once() -> None:
    pool = pool_of(1, 1)
    pool.take_out(pool.relays[0], "bad login")
    assert taken(pool, 1e9) == 2501
    pool.take_out(pool.relays[1], "bad login")
    assert pool.all_out()
    assert pool.all_down(1e9)
    assert pool.problems() == "bad login"


def test_a_new_run_forgets_what_was_wrong_in_the_last_but_not_in_its_own() -> None:
    pool = pool_of(1, 1)
    pool.take_out(pool.relays[0], "bad login")
    pool.rest(pool.relays[1], "gone", 0.0)
    assert taken(pool, 5.0) == 2501
    pool.begin()
    assert taken(pool, 5.0) is None
    pool.give_back(pool.relays[1])
    pool.begin()
    assert [taken(pool, 5.0), taken(pool, 5.0)] == [2500, 2501]
    assert pool.problems() == ""
