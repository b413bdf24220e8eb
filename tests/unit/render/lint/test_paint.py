from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.render.lint.cascade import Cascade, parse_page
from digest.render.lint.paint import as_hex, colour_in, over, parse_colour

OCTETS = st.integers(0, 255)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#fff", "#ffffff"),
        ("#0b5c8a", "#0b5c8a"),
        ("rgb(11, 92, 138)", "#0b5c8a"),
        ("rgb(100%, 0%, 0%)", "#ff0000"),
        ("rgb(11 92 138 / 50%)", "#0b5c8a"),
        ("hsl(0, 100%, 50%)", "#ff0000"),
        ("tomato", "#ff6347"),
        ("inherit", None),
        ("#12345", None),
    ],
)
def test_colours_are_read(text: str, colour: str | None) -> None:
    parsed = parse_colour(text)
    assert (as_hex(parsed) if parsed else None) == colour


@pytest.mark.parametrize(
    ("background", "colour"),
    [
        ("#121417", "#121417"),
        ("url(red.png) no-repeat white", "#ffffff"),
        ("none", "#000000"),
        ("url(red.png)", None),
        ("linear-gradient(x)", None),
    ],
)
def test_the_colour_of_a_background(background: str, colour: str | None) -> None:
    found = colour_in(background)
    assert (as_hex(found) if found else None) == colour


@given(OCTETS, OCTETS, OCTETS, st.floats(0, 1))
def test_what_is_opaque_covers_and_what_is_clear_does_not(red: int, green: int, blue: int, share: float) -> None:
    below = (10.0, 20.0, 30.0, 1.0)
    assert over((red, green, blue, 1.0), below)[:3] == (red, green, blue)
    assert over((red, green, blue, 0.0), below) == below
    mixed = over((red, green, blue, share), below)
    assert all(
        min(a, b) - 1e-9 <= m <= max(a, b) + 1e-9 for a, b, m in zip((red, green, blue), below, mixed, strict=False)
    )


@pytest.mark.parametrize(
    ("css", "style", "expected"),
    [
        ("p { color: #111 }", "color:#222", "#222"),
        ("p { color: #111 !important }", "color:#222", "#111"),
        ("p { color: #111 !important }", "color:#222 !important", "#222"),
        ("p { color: #111 !important } .a { color: #333 !important } p { color: #444 !important }", "", "#333"),
        (".a { color: #111 } .a { color: #333 }", "", "#333"),
        (".a:hover { color: #111 !important }", "color:#222", "#222"),
        (".b p { color: #111 }", "", None),
    ],
)
def test_the_strongest_rule_wins(css: str, style: str, expected: str | None) -> None:
    page = parse_page(
        f"<html><head><style>@media (prefers-color-scheme: dark) {{ {css} }} "
        "@media (max-width: 9px) { p { color: #999 !important } }"
        f'</style></head><body><p class="a" style="{style}">x</p></body></html>'
    )
    element = page.find(".//p")
    assert Cascade(page, "dark").value(element, "color") == expected
    assert Cascade(page, "light").value(element, "color") == (style.removeprefix("color:").split(" ")[0] or None)
