"""What became of an edition: counts, and how they came about over time. No opens, and no clicks of anybody."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from digest.model.delivery import DeliveryState
from digest.storage import figures
from digest.storage.counts import count_deliveries
from digest.storage.database import Database
from subscribers.model import BounceClass, EventKind

#: How wide the columns of a picture may be, in minutes; the first that gives few enough columns is taken.
_WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
_FEWEST_COLUMNS, _MOST_COLUMNS = 12, 40
_KEPT = 16
_CAME_BACK = (EventKind.BOUNCED, EventKind.COMPLAINED, EventKind.UNSUBSCRIBED)


class Column(msgspec.Struct, frozen=True):
    """How often something happened from `start` on, for the width of the series."""

    start: datetime
    count: int


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Columns beside each other without gaps; empty where nothing happened. `width` is that of each."""

    width: timedelta
    columns: list[Column]

    @property
    def total(self) -> int:
        return sum(column.count for column in self.columns)

    @property
    def most(self) -> int:
        """The count of the highest column."""
        return max((column.count for column in self.columns), default=0)

    @property
    def end(self) -> datetime:
        """Where the last column ends; there must be one."""
        return self.columns[-1].start + self.width


class EditionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What was submitted, and what came back of it, over time; `bounces` counts by class and reason."""

    submitted: Series
    bounced: Series
    complained: Series
    unsubscribed: Series
    bounces: dict[tuple[BounceClass, str], int]


class FiguresBook:
    """Reads figures. It keeps how the last editions that somebody looked at were submitted: a million take a second."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[int, figures.Minutes]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, database: Database, number: int, zone: ZoneInfo) -> EditionFigures:
        """The figures of the edition `number`; columns begin on the clock of `zone`."""
        with database.read() as connection:
            submitted = self._submitted(connection, number)
            back = {kind: figures.events_by_minute(connection, number, kind) for kind in _CAME_BACK}
            bounces = figures.bounces_by_reason(connection, number)
        return EditionFigures(
            submitted=series(submitted, zone),
            bounced=series(back[EventKind.BOUNCED], zone),
            complained=series(back[EventKind.COMPLAINED], zone),
            unsubscribed=series(back[EventKind.UNSUBSCRIBED], zone),
            bounces=bounces,
        )

    def _submitted(self, connection: Connection, number: int) -> figures.Minutes:
        count = count_deliveries(connection, number).get((DeliveryState.SUBMITTED, ""), 0)
        with self._lock:
            known = self._kept.get(number)
        if known is not None and known[0] == count:
            return known[1]
        minutes = figures.settled_by_minute(connection, number, DeliveryState.SUBMITTED) if count else {}
        with self._lock:
            self._kept[number] = (count, minutes)
            self._kept.move_to_end(number)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return minutes


def series(minutes: Mapping[datetime, int], zone: ZoneInfo) -> Series:
    """Counts by minute gathered into 12 to 40 columns of one width; the first begins on the clock of `zone`."""
    if not minutes:
        return Series(width=timedelta(minutes=1), columns=[])
    first, last = min(minutes), max(minutes)
    width = next((each for each in _WIDTHS if _columns(first, last, each, zone) <= _MOST_COLUMNS), _WIDTHS[-1])
    begin, step = _on_the_clock(first, width, zone), timedelta(minutes=width)
    counts = [0] * min(max(_columns(first, last, width, zone), _FEWEST_COLUMNS), _MOST_COLUMNS)
    for minute, count in minutes.items():
        # What came years later stands in the last column.
        counts[min((minute - begin) // step, len(counts) - 1)] += count
    return Series(width=step, columns=[Column(begin + place * step, count) for place, count in enumerate(counts)])


def _columns(first: datetime, last: datetime, width: int, zone: ZoneInfo) -> int:
    return (last - _on_the_clock(first, width, zone)) // timedelta(minutes=width) + 1


def _on_the_clock(moment: datetime, width: int, zone: ZoneInfo) -> datetime:
    """The last multiple of `width` minutes before `moment`, from midnight on where the newsroom is."""
    local = moment.astimezone(zone)
    minutes = (local.hour * 60 + local.minute) % width if width <= 1440 else local.hour * 60 + local.minute
    return (local.astimezone(UTC) - timedelta(minutes=minutes)).replace(second=0, microsecond=0)
