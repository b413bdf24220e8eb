"""A picture of counts over time, as SVG that stands in the page: columns, an axis, a few words. Pure.

It has neither style nor script of its own; the numbers stand in a table beside it, which is what a screen reader reads.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from digest import german
from digest.tasks.edition_figures import Series

_WIDTH, _HEIGHT = 640, 150
_LEFT, _BOTTOM, _TOP = 8, 24, 18
_GAP = 2
_DAY = timedelta(days=1)


def column_chart(series: Series, title: str, zone: ZoneInfo, *, bad: bool = False) -> Markup:
    """The columns of `series` under `title`, `bad` ones in the colour of what went wrong; "" where there are none."""
    if not series.columns:
        return Markup()
    most = max(column.count for column in series.columns) or 1
    wide = (_WIDTH - 2 * _LEFT) / len(series.columns)
    room = _HEIGHT - _BOTTOM - _TOP
    bars = []
    for place, column in enumerate(series.columns):
        height = round(room * column.count / most, 1)
        if column.count:
            height = max(height, 1.5)
        bars.append(
            Markup('<rect class="bar{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                " bad" if bad else "",
                _LEFT + place * wide,
                _HEIGHT - _BOTTOM - height,
                max(wide - _GAP, 1.0),
                height,
            )
        )
    end = series.columns[-1].start + series.width
    return Markup(
        '<svg class="picture" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        '<text x="{left}" y="13">{most}</text>{bars}'
        '<line class="axis" x1="{left}" x2="{right}" y1="{ground}" y2="{ground}"/>'
        '<text x="{left}" y="{below}">{first}</text>'
        '<text x="{right}" y="{below}" text-anchor="end">{last}</text></svg>'
    ).format(
        width=_WIDTH,
        height=_HEIGHT,
        label=f"{title}: {german.number(series.total)}, im Verlauf",
        left=_LEFT,
        right=_WIDTH - _LEFT,
        ground=_HEIGHT - _BOTTOM,
        below=_HEIGHT - 7,
        most=f"höchstens {german.number(most)} in {width_word(series.width)}",
        bars=Markup().join(bars),
        first=_shown(series.columns[0].start, series, zone),
        last=_shown(end, series, zone),
    )


def width_word(width: timedelta) -> str:
    """ "1 Minute", "15 Minuten", "2 Stunden", "7 Tagen": as it stands behind "in"."""
    minutes = int(width.total_seconds() // 60)
    if minutes % 1440 == 0:
        return german.plural(minutes // 1440, "Tag", "Tagen")
    return (
        german.plural(minutes // 60, "Stunde", "Stunden")
        if minutes % 60 == 0
        else german.plural(minutes, "Minute", "Minuten")
    )


def _shown(at: datetime, series: Series, zone: ZoneInfo) -> str:
    """A time of day, with its day where the picture spans more than one."""
    local = at.astimezone(zone)
    spans = series.columns[-1].start + series.width - series.columns[0].start
    short = f"{local.day}. {german.MONTHS[local.month - 1]}"
    if series.width >= _DAY:
        return short
    clock = german.time_of_day(local)
    return f"{short}, {clock}" if spans > _DAY else clock
