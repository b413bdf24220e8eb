"""Colours as CSS writes them, and what one looks like over another."""

from __future__ import annotations

import colorsys
import re

from cssutils.css.colors import COLORS

#: Red, green, blue from 0 to 255, opacity from 0 to 1.
Colour = tuple[float, float, float, float]
_FUNCTION = re.compile(r"(rgba?|hsla?)\(([^()]*)\)")
_ANY = re.compile(r"#[0-9a-f]{3,8}\b|(?:rgba?|hsla?)\([^()]*\)|(?<![\w(/.-])[a-z]+(?![\w(/.-])")


def parse_colour(text: str) -> Colour | None:
    """A colour of CSS Color 3 in lower case, or None for what is none."""
    text = text.strip()
    if re.fullmatch(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", text):
        digits = text[1:] if len(text) > 5 else "".join(digit * 2 for digit in text[1:])
        red, green, blue, *rest = (int(digits[place : place + 2], 16) for place in range(0, len(digits), 2))
        return red, green, blue, rest[0] / 255 if rest else 1.0
    if found := _FUNCTION.fullmatch(text):
        return _from_function(found[1], re.split(r"[\s,/]+", found[2].strip()))
    if text in COLORS:
        red, green, blue, alpha = COLORS[text]
        return red, green, blue, alpha
    return None


def colour_in(background: str) -> Colour | None:
    """The colour in a `background` shorthand, or None where it names none."""
    plain = re.sub(r"url\([^)]*\)", " ", background)
    for piece in _ANY.findall(plain):
        if colour := parse_colour(piece):
            return colour
    return (0, 0, 0, 0) if plain.strip() == "none" else None


def over(above: Colour, below: Colour) -> Colour:
    """What `above` looks like on an opaque `below`."""
    red, green, blue = (
        one * above[3] + other * (1 - above[3]) for one, other in zip(above[:3], below[:3], strict=True)
    )
    return red, green, blue, 1.0


def as_hex(colour: Colour) -> str:
    return "#" + "".join(f"{min(255, max(0, round(part))):02x}" for part in colour[:3])


def _from_function(name: str, parts: list[str]) -> Colour | None:
    try:
        numbers = [float(part.removesuffix("%").removesuffix("deg")) for part in parts]
    except ValueError:
        return None
    if len(numbers) not in (3, 4):
        return None
    alpha = (numbers[3] / 100 if parts[3].endswith("%") else numbers[3]) if len(numbers) == 4 else 1.0
    if name.startswith("rgb"):
        red, green, blue = (
            number * 2.55 if part.endswith("%") else number for number, part in zip(numbers[:3], parts, strict=False)
        )
        return red, green, blue, alpha
    red, green, blue = colorsys.hls_to_rgb(numbers[0] % 360 / 360, numbers[2] / 100, numbers[1] / 100)
    return red * 255, green * 255, blue * 255, alpha
