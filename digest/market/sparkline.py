"""A coin's seven days as a small picture: a line, its end as a dot. No axes, no figures; those stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO

from PIL import Image
from resvg_py import svg_to_bytes

#: As it is shown, in CSS pixels; the picture has twice as many for sharp screens.
WIDTH, HEIGHT = 96, 28
_MARGIN = 4
#: More points than this are not seen at this size.
_POINTS = 48
#: On white and on a dark ground alike it has a contrast of 3:1 and more (WCAG 2.1, 1.4.11).
_COLOUR = "#7a7f87"
_DEGREES = 16
_STEP = 255 / (_DEGREES - 1)


def draw_sparkline(series: Sequence[Decimal]) -> bytes:
    """The PNG of `series` (oldest first), transparent; same series, same bytes.

    Empty where there is no line to draw: fewer than two points, or one that is no number.
    """
    if len(series) < 2 or not all(value.is_finite() for value in series):
        return b""
    points = _points(_thinned(series))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    end_x, end_y = points[-1]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<polyline points="{path}" fill="none" stroke="{_COLOUR}" stroke-width="1.8" '
        'stroke-linejoin="round" stroke-linecap="round"/>'
        f'<circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="2.6" fill="{_COLOUR}"/></svg>'
    )
    return _packed(bytes(svg_to_bytes(svg_string=svg, width=2 * WIDTH, skip_system_fonts=True)))


def _packed(png: bytes) -> bytes:
    """The same picture in a quarter of the octets: one colour in sixteen degrees of opacity, and nothing else in it."""
    with Image.open(BytesIO(png), formats=("PNG",)) as drawn:
        opacity = drawn.convert("RGBA").getchannel("A")
    indexed = opacity.point([round(value / _STEP) for value in range(256)])
    indexed.putpalette(bytes.fromhex(_COLOUR[1:]) * _DEGREES)
    out = BytesIO()
    degrees = bytes(round(degree * _STEP) for degree in range(_DEGREES))
    indexed.save(out, "PNG", optimize=True, bits=4, transparency=degrees)
    return out.getvalue()


def _thinned(series: Sequence[Decimal]) -> list[Decimal]:
    """At most `_POINTS` of them, evenly taken; the first and the last are always among them."""
    if len(series) <= _POINTS:
        return list(series)
    last = len(series) - 1
    return [series[round(step * last / (_POINTS - 1))] for step in range(_POINTS)]


def _points(series: Sequence[Decimal]) -> list[tuple[float, float]]:
    lowest, highest = min(series), max(series)
    spread = highest - lowest
    across, down = WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN
    return [
        (
            _MARGIN + across * place / (len(series) - 1),
            # A flat week is a line in the middle.
            HEIGHT / 2 if not spread else _MARGIN + down * float((highest - value) / spread),
        )
        for place, value in enumerate(series)
    ]
