"""When a deferred message is tried again, and when no more."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import msgspec

from digest.deliver.replies import Reason
from digest.model.delivery import DeliveryState, Outcome

#: How long a message is tried, from when sending it began.
RETRY_FOR = timedelta(hours=24)
#: Seconds before the second attempt, by reason; each further one doubles them.
FIRST_RETRY: dict[str, float] = {Reason.CONNECTION: 10.0, Reason.TEMPORARY: 60.0, Reason.MAILBOX_FULL: 900.0}
LONGEST_RETRY = 3600.0


def retried(outcome: Outcome, attempt: int, now: datetime, deadline: datetime, dice: random.Random) -> Outcome:
    """A deferred outcome with its next try, the last one at the deadline; from then on it is rejected as "too_late".

    `attempt` counts from 1. A next try that the outcome has already is kept, as far as the deadline allows.
    """
    if outcome.state is not DeliveryState.DEFERRED:
        return outcome
    if now >= deadline:
        return Outcome(state=DeliveryState.REJECTED, reason=Reason.TOO_LATE, reply=outcome.reply)
    when = outcome.next_try or next_try(outcome.reason, attempt, now, dice)
    return msgspec.structs.replace(outcome, next_try=min(when, deadline))


def next_try(reason: str, attempt: int, now: datetime, dice: random.Random) -> datetime:
    """When to try again after the `attempt`-th attempt (from 1): doubling, an hour at most, spread by a quarter."""
    wait = min(FIRST_RETRY.get(reason, 60.0) * 2.0 ** min(max(attempt, 1) - 1, 20), LONGEST_RETRY)
    return now + timedelta(seconds=wait * dice.uniform(0.75, 1.25))
