"""When bounces add up: how many deliveries, or days, in a row came back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from subscribers.bounces.reasons import CLASSES, NOT_THE_MAILBOX, Reason
from subscribers.model import BounceClass


class PastDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message that left us for one person, on the edition's day; `reasons` it came back for, none if it did not."""

    day: date
    reasons: tuple[str, ...] = ()


def hard_in_a_row(newest_first: Sequence[PastDelivery]) -> int:
    """How many of the newest deliveries came back hard, one after the other.

    Reports take their time: what was sent after the newest delivery that came back does not count yet.
    """
    row = _from_newest_bounce(newest_first)
    return next((place for place, each in enumerate(row) if not _is(each, BounceClass.HARD)), len(row))


def soft_days_in_a_row(newest_first: Sequence[PastDelivery]) -> int:
    """On how many days, one after the other among those on which mail was sent, everything came back.

    Reasons that say nothing about the mailbox (`NOT_THE_MAILBOX`) neither count nor break the row.
    """
    days: set[date] = set()
    for each in _from_newest_bounce(newest_first):
        if not each.reasons:
            break
        if any(Reason(reason) not in NOT_THE_MAILBOX for reason in each.reasons):
            days.add(each.day)
    return len(days)


def _from_newest_bounce(newest_first: Sequence[PastDelivery]) -> Sequence[PastDelivery]:
    first = next((place for place, each in enumerate(newest_first) if each.reasons), len(newest_first))
    return newest_first[first:]


def _is(delivery: PastDelivery, wanted: BounceClass) -> bool:
    return any(CLASSES[Reason(reason)] is wanted for reason in delivery.reasons)
