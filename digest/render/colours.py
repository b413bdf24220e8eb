"""Contrast as WCAG 2.1 measures it, so that any brand's accent can be read on any ground."""

from __future__ import annotations

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
#: WCAG 2.1, 1.4.3 (AA) for text of normal size.
AA = 4.5
_STEPS = 50


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours such as "#0b5c8a", from 1 to 21. Raises ValueError for what is no colour."""
    lighter, darker = sorted((_luminance(_octets(first)), _luminance(_octets(second))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, ground: str, ratio: float = AA) -> str:
    """`colour`, mixed with as little black (on a light ground) or white (on a dark one) as text on `ground` needs."""
    target = _BLACK if contrast("#000000", ground) >= contrast("#ffffff", ground) else _WHITE
    start = _octets(colour)
    mixed = colour
    for step in range(_STEPS + 1):
        share = step / _STEPS
        mixed = "#" + "".join(
            f"{round(one + (other - one) * share):02x}" for one, other in zip(start, target, strict=True)
        )
        if contrast(mixed, ground) >= ratio:
            break
    return mixed


def _octets(colour: str) -> tuple[int, int, int]:
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"{colour!r} is no colour such as #0b5c8a")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(octets: tuple[int, int, int]) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (octet / 255 for octet in octets)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
