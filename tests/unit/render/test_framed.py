"""A message's HTML as it may stand in a frame."""

from __future__ import annotations

import pytest

from digest.render.framed import rendered_for_frame


@pytest.mark.parametrize(
    ("html", "framed"),
    [
        ('<a href="https://a.example/?b=1&amp;c">x</a>', '<a href="#" title="https://a.example/?b=1&amp;c">x</a>'),
        (
            '<a class="x > y" href="https://a.example/">x</a>',
            '<a class="x > y" href="#" title="https://a.example/">x</a>',
        ),
        ('<A HREF="javascript:alert(1)">x</A>', '<A HREF="#" title="javascript:alert(1)">x</A>'),
        ('<p title="href=&quot;x">href="y"</p>', '<p title="href=&quot;x">href="y"</p>'),
        ('<img src="https://a.example/b.jpg" alt="a > b">', '<img src="https://a.example/b.jpg" alt="a > b">'),
    ],
)
def test_links_lead_nowhere_and_say_where_they_would(html: str, framed: str) -> None:
    assert rendered_for_frame(html) == framed


def test_pictures_off_shows_what_they_say() -> None:
    html = '<p><img alt="a > b" src="data:image/png;base64,AA==" srcset="x 2x" width="10"></p><p>src="stays"</p>'
    assert rendered_for_frame(html, pictures=False) == '<p><img alt="a > b" width="10"></p><p>src="stays"</p>'


def test_a_picture_from_another_address() -> None:
    html = '<img src="https://a.example/b.jpg"><a href="https://a.example/b.jpg">b</a>'
    framed = rendered_for_frame(html, find_picture=lambda url: f"/bild?{url}")
    assert framed.startswith('<img src="/bild?https://a.example/b.jpg"><a href="#"')
