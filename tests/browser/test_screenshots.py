"""The golden messages as Chromium shows them, at the widths of small and large phones and of a desk."""

from __future__ import annotations

import email
import email.policy
import os
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from digest.errors import DigestError
from digest.render.chromium import NAMES, running_chromium
from digest.render.inline_pictures import html_with_pictures
from digest.render.screenshot import screenshot

GOLDEN = Path(__file__).parents[1] / "golden"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 8


@pytest.fixture(scope="session", autouse=True)
def chromium() -> str:
    """Where Chromium is. Without one these tests have nothing to look with."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip(f"no Chromium is installed: none of {', '.join(NAMES)} is on the PATH")
    return found


def html_of(name: str, *, pictures: bool = False) -> str:
    """A golden message's HTML; without `pictures` it is what a program shows that loads none."""
    octets = (GOLDEN / f"{name}.eml").read_bytes()
    if pictures:
        return html_with_pictures(octets)
    message = email.message_from_bytes(octets, policy=email.policy.default)
    body = message.get_body(("html",))
    assert body is not None
    page: str = body.get_content()
    return page


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def corner(png: bytes) -> tuple[int, ...]:
    """The colour of the last pixel of the first column: the ground of the page, below everything."""
    width, height = size(png)
    packed = b"".join(png[place + 8 : place + 8 + length] for place, length, kind in _chunks(png) if kind == b"IDAT")
    channels = {2: 3, 6: 4}[png[25]]
    rows = zlib.decompress(packed)
    stride = width * channels + 1
    value = [0, 0, 0]
    for row in range(height):
        start = row * stride
        # In the first column only the filters that look up change anything (PNG, 9.2).
        up = {0: 0, 1: 0, 2: 1, 3: 0.5, 4: 1}[rows[start]]
        value = [(rows[start + 1 + part] + int(value[part] * up)) % 256 for part in range(3)]
    return tuple(value)


def _chunks(png: bytes) -> list[tuple[int, int, bytes]]:
    found, place = [], 8
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        found.append((place, length, kind))
        place += length + 12
    return found


@pytest.mark.parametrize("pictures", [True, False])
@pytest.mark.parametrize("width", [320, 375, 640])
def test_a_message_fits_its_width_in_light_and_dark(width: int, pictures: bool) -> None:
    html = html_of("sie", pictures=pictures)
    light, dark = (screenshot(html, width, dark=dark) for dark in (False, True))
    assert size(light)[0] == width
    assert size(light) == size(dark)
    assert size(light)[1] > 1000
    assert corner(light) == (0xF4, 0xF1, 0xEA)
    assert corner(dark) == (0x12, 0x14, 0x17)


def test_long_words_do_not_widen_a_small_screen() -> None:
    html = html_of("sie")
    for text in ("Mittelstand", "Bundestag streitet", "Tobias Lindner", "Kurier für den Morgen", "Michaela Groß"):
        assert text in html
        html = html.replace(text, LONG_WORD)
    assert size(screenshot(html, 320))[0] == 320


def test_what_does_not_fit_is_seen_in_the_picture() -> None:
    assert size(screenshot("<!doctype html><div style='width:900px;height:10px'>x</div>", 320))[0] > 900


def test_scripts_do_not_run_and_nothing_is_fetched(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/pixel.png").respond_with_data(b"")
    script = "<script>document.body.style.height = '3000px'</script>"
    picture = f'<img src="{httpserver.url_for("/pixel.png")}"><img src="file:///etc/hostname">'
    png = screenshot(f"<!doctype html><body>{picture}{script}</body>", 320)
    assert size(png)[1] < 3000
    assert httpserver.log == []


def test_a_browser_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / NAMES[0]
    silent.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(DigestError, match="did not answer in time"), running_chromium(seconds=0.2) as browser:
        browser.ask("Browser.getVersion")


def test_a_browser_that_ends_by_itself_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / NAMES[0]
    broken.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(DigestError, match="ended by itself"):
        screenshot("x", 320)


def test_without_chromium_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DigestError, match="needs Chromium"):
        screenshot("x", 320)


def test_a_refused_command_is_an_error() -> None:
    with running_chromium() as browser, pytest.raises(DigestError, match=r"refuses No\.such"):
        browser.ask("No.such")
