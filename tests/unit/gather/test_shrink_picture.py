"""Pictures of others: what comes out is ours, small and always the same; what must not be decoded is not."""

from __future__ import annotations

import struct
import time
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digest.gather.shrink_picture import LEAST_SIDE, MAX_HEIGHT, MAX_WIDTH, shrink, shrink_apart

ORIENTATION = 0x0112
WHERE = 0x8825


def picture(size: tuple[int, int] = (300, 200), kind: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    out = BytesIO()
    shade: object = {"RGB": (200, 30, 30), "CMYK": (0, 200, 200, 20), "LA": (90, 0), "I;16": 30_000}.get(mode, 120)
    Image.new(mode, size, shade).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def read(jpeg: bytes) -> Image.Image:
    made = Image.open(BytesIO(jpeg))
    made.load()
    return made


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (picture((3000, 1500)), (MAX_WIDTH, MAX_WIDTH // 2)),
        (picture((600, 400)), (600, 400)),
        (picture((2000, 6000)), (MAX_HEIGHT // 3, MAX_HEIGHT)),
        (picture((300, 200), "PNG", "RGBA"), (300, 200)),
        (picture((300, 200), "PNG", "LA"), (300, 200)),
        (picture((300, 200), "PNG", "P"), (300, 200)),
        (picture((300, 200), "PNG", "1"), (300, 200)),
        (picture((300, 200), "PNG", "I;16"), (300, 200)),
        (picture((300, 200), "JPEG", "CMYK"), (300, 200)),
        (picture((300, 200), "JPEG", "L"), (300, 200)),
        (picture((300, 200), "GIF", "P"), (300, 200)),
        (picture((300, 200), "WEBP"), (300, 200)),
    ],
)
def test_every_kind_becomes_a_jpeg_that_fits(content: bytes, size: tuple[int, int]) -> None:
    shrunk = shrink(content)
    assert shrunk.problem == ""
    made = read(shrunk.jpeg)
    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", size)
    assert shrunk.width == size[0]
    assert shrink(content) == shrunk


def test_what_is_clear_stands_on_white() -> None:
    assert read(shrink(picture(kind="PNG", mode="LA")).jpeg).getpixel((10, 10)) == (255, 255, 255)


def test_it_stands_upright_and_says_nothing_of_where_it_was_made() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010E] = "Geheimer Ort"
    exif.get_ifd(WHERE)[2] = (52.0, 31.0, 12.0)
    half = Image.new("RGB", (400, 200), "black")
    half.paste("white", (0, 0, 200, 200))
    out = BytesIO()
    half.save(out, "JPEG", exif=exif, comment=b"Kommentar", icc_profile=b"x" * 200)
    made = read(shrink(out.getvalue()).jpeg)
    assert made.size == (200, 400)
    top, bottom = made.getpixel((100, 50)), made.getpixel((100, 350))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200
    assert bottom[0] < 50
    assert not set(made.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def png_of(width: int, height: int) -> bytes:
    """The head of a PNG that says it is that large, with no more in it than it takes to be opened."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (png_of(50_000, 50_000), "has more pixels than any picture needs"),
        (png_of(10_000, 10_000), "has more pixels than any picture needs"),
        (png_of(8_000, 4_000), "has 8000 x 4000 pixels, which is more than any picture needs"),
        (png_of(300, 300), "is damaged"),
        (picture()[: len(picture()) * 9 // 10], "is damaged"),
        (picture((1, 1)), "has only 1 x 1 pixels"),
        (picture((LEAST_SIDE - 1, 500)), "has only 39 x 500 pixels"),
        (b"<html>404</html>", "is no picture"),
        (b"\x89PNG\r\n\x1a\n", "is no picture"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG"),
        (b"\xff\xd8\xff", "is no picture"),
        (picture(kind="TIFF"), "is no picture"),
        (picture(kind="BMP"), "is no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 500 500\n", "is no picture"),
    ],
)
def test_what_is_not_fit_is_refused_with_a_reason(content: bytes, problem: str) -> None:
    shrunk = shrink(content)
    assert shrunk.problem.startswith(problem)
    assert shrunk.jpeg == b""


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_anywhere_is_a_sentence_or_a_picture(data: st.DataObject) -> None:
    content = bytearray(
        data.draw(st.sampled_from([picture((90, 60)), picture((90, 60), "PNG"), picture((90, 60), "GIF", "P")]))
    )
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    shrunk = shrink(bytes(content))
    assert bool(shrunk.jpeg) is not bool(shrunk.problem)


def test_apart_gives_the_same() -> None:
    content = picture((1500, 900))
    assert shrink_apart(content, 20) == shrink(content)
    assert shrink_apart(b"x", 20) == shrink(b"x")
    assert shrink_apart(b"", 20).problem == "is empty"


def test_what_takes_too_long_is_ended() -> None:
    began = time.monotonic()
    assert shrink_apart(picture(), 0.001).problem == "could not be made smaller in 0.001 seconds"
    assert time.monotonic() - began < 5
