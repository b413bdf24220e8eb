"""A picture of counts over time, as SVG that stands in the page: columns on a line. Pure.

It has no words, and neither style nor script of its own: those stand in the page, and the numbers in a table below,
which is what a screen reader reads.
"""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup

from digest import german
from digest.tasks.edition_figures import Series

_WIDTH, _HEIGHT = 600, 100
_GAP = 2.0
#: What counts at all is seen, however high the others are.
_LOWEST = 1.5


def column_chart(series: Series, title: str, *, bad: bool = False) -> Markup:
    """The columns of `series`, `bad` ones in the colour of what went wrong; nothing where there are none."""
    if not series.columns:
        return Markup()
    wide = _WIDTH / len(series.columns)
    columns = Markup().join(
        Markup('<rect class="column{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            " bad" if bad else "", place * wide, _HEIGHT - high, wide - _GAP, high
        )
        for place, column in enumerate(series.columns)
        if (high := _height(column.count, series.most))
    )
    return Markup(
        '<svg class="picture" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, _HEIGHT, f"{title} im Verlauf: {german.number(series.total)}", columns)


def width_word(width: timedelta) -> str:
    """ "1 Minute", "15 Minuten", "2 Stunden", "7 Tagen": as it stands behind "in"; whole minutes."""
    minutes = width // timedelta(minutes=1)
    units = ((1440, "Tag", "Tagen"), (60, "Stunde", "Stunden"), (1, "Minute", "Minuten"))
    size, one, many = next(unit for unit in units if minutes % unit[0] == 0)
    return german.plural(minutes // size, one, many)


def _height(count: int, most: int) -> float:
    return max(_LOWEST, _HEIGHT * count / most) if count else 0.0
