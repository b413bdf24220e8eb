"""When bounces add up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from subscribers.bounces.streaks import PastDelivery, hard_in_a_row, soft_days_in_a_row

DAY = date(2026, 3, 6)


def past(*reasons: str, same_day: bool = False) -> list[PastDelivery]:
    """Deliveries, the newest first, one a day; "" is one that did not come back."""
    return [
        PastDelivery(day=DAY if same_day else DAY - timedelta(days=age), reasons=(reason,) if reason else ())
        for age, reason in enumerate(reasons)
    ]


@pytest.mark.parametrize(
    ("reasons", "count"),
    [
        ((), 0),
        (("", ""), 0),
        (("userunknown",), 1),
        (("userunknown", "hostunknown", ""), 2),
        (("userunknown", "", "userunknown"), 1),
        (("", "", "userunknown", "userunknown"), 2),
        (("userunknown", "mailboxfull", "userunknown"), 1),
        (("mailboxfull", "userunknown"), 0),
    ],
)
def test_hard_ones(reasons: tuple[str, ...], count: int) -> None:
    assert hard_in_a_row(past(*reasons)) == count


@pytest.mark.parametrize(
    ("reasons", "count"),
    [
        (("mailboxfull", "expired", "mailboxfull"), 3),
        (("mailboxfull", "", "mailboxfull"), 1),
        (("", "mailboxfull", "mailboxfull", ""), 2),
        (("mailboxfull", "toomanyconn", "mailboxfull"), 2),
        (("toomanyconn", "mesgtoobig", "greylisted"), 0),
        (("mailboxfull", "userunknown"), 2),
    ],
)
def test_soft_days(reasons: tuple[str, ...], count: int) -> None:
    assert soft_days_in_a_row(past(*reasons)) == count


def test_several_editions_of_one_day_count_once() -> None:
    assert soft_days_in_a_row(past("mailboxfull", "mailboxfull", "expired", same_day=True)) == 1
