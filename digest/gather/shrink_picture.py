"""A picture of somebody else's made fit for a mail, in a process of its own with an end to its time and memory.

A file of a few kilobytes can hold a billion pixels or ten thousand scans, and nothing can interrupt the decoder here.
The other process is started as `python -m digest.gather.shrink_picture`.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import warnings
from io import BytesIO

import msgspec
from PIL import Image, ImageOps

#: Twice the 552 CSS pixels at which a lead shows it, for sharp screens; and no taller than a page.
MAX_WIDTH, MAX_HEIGHT = 1104, 1656
#: What is smaller was never meant to be looked at.
LEAST_SIDE = 40
#: By format; a JPEG is decoded at a fraction of its size, the others as a whole.
MAX_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000, "PNG": 24_000_000, "GIF": 24_000_000, "WEBP": 24_000_000}
_QUALITY = 80
#: Bytes of memory that the other process may have.
_MEMORY = 1_000_000_000


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """A JPEG without metadata and its width in pixels; or the sentence's end that says why there is none."""

    jpeg: bytes = b""
    width: int = 0
    problem: str = ""


def shrink_apart(content: bytes, seconds: float) -> Shrunk:
    """What `shrink` makes of it, within `seconds`."""
    if not content.strip():
        return Shrunk(problem="is empty")
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-m", "digest.gather.shrink_picture", f"{seconds:.0f}"],
            input=content,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Shrunk(problem=f"could not be made smaller in {seconds:g} seconds")
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return Shrunk(problem=f"could not be made smaller within its limits ({last[:200] or done.returncode})")
    return msgspec.msgpack.decode(done.stdout, type=Shrunk)


def shrink(content: bytes) -> Shrunk:
    """The picture upright, at most MAX_WIDTH by MAX_HEIGHT, on white, as a JPEG: same content, same bytes."""
    if b"<svg" in content[:1000].lower():
        return Shrunk(problem="is an SVG, which is a program as much as a picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(content), formats=("JPEG", "PNG", "GIF", "WEBP"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Shrunk(problem="has more pixels than any picture needs")
    except (OSError, SyntaxError, ValueError):
        return Shrunk(problem="is no picture that mail programs show")
    with picture:
        width, height = picture.size
        if width * height > MAX_PIXELS[picture.format or ""]:
            return Shrunk(problem=f"has {width} x {height} pixels, which is more than any picture needs")
        if min(width, height) < LEAST_SIDE:
            return Shrunk(problem=f"has only {width} x {height} pixels")
        # Either side may become the width once it stands upright.
        picture.draft("RGB", (MAX_HEIGHT, MAX_HEIGHT))
        try:
            upright = _on_white(ImageOps.exif_transpose(picture))
        except (OSError, SyntaxError, ValueError) as damaged:
            return Shrunk(problem=f"is damaged: {damaged}")
    upright.thumbnail((MAX_WIDTH, MAX_HEIGHT), Image.Resampling.LANCZOS)
    out = BytesIO()
    # A new image: nothing of the old one's metadata is written.
    Image.frombytes("RGB", upright.size, upright.tobytes()).save(
        out, "JPEG", quality=_QUALITY, optimize=True, progressive=True
    )
    return Shrunk(jpeg=out.getvalue(), width=upright.width)


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    white = Image.new("RGB", clear.size, "white")
    white.paste(clear, mask=clear.getchannel("A"))
    return white


def main() -> None:
    seconds = int(sys.argv[1]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sys.stdout.buffer.write(msgspec.msgpack.encode(shrink(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
