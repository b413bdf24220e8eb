"""Pictures of articles that the site serves itself: fetched once, made smaller, kept by what they are."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import msgspec

from digest.errors import FetchError
from digest.gather.fetch import Fetcher
from digest.gather.shrink_picture import shrink_apart


class HostedPicture(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is the file's in the folder of pictures, such as "<sha256>.jpg"; `width` in pixels."""

    name: str
    width: int


def host_picture(url: str, fetcher: Fetcher, folder: Path) -> HostedPicture:
    """Fetch the picture at `url`, which a feed or page named, and keep it. Raises FetchError with a sentence.

    Nothing of it is believed: the address is guarded, the octets are counted, and it is decoded within limits.
    """
    shrunk = shrink_apart(fetcher.get(url).content, fetcher.settings.timeout_seconds)
    if shrunk.problem:
        raise FetchError(url[:300], shrunk.problem)
    try:
        return HostedPicture(name=_keep(shrunk.jpeg, folder), width=shrunk.width)
    except OSError as error:
        raise FetchError(url[:300], f"cannot be kept in {folder}: {error.strerror}") from error


def _keep(jpeg: bytes, folder: Path) -> str:
    """The name of the file that holds `jpeg`. There is never half a file under that name."""
    name = f"{hashlib.sha256(jpeg).hexdigest()}.jpg"
    target = folder / name
    if target.is_file() and target.stat().st_size == len(jpeg):
        return name
    folder.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with open(handle, "wb") as file:  # noqa: PTH123, a descriptor has no path
            file.write(jpeg)
            os.fchmod(handle, 0o644)
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return name
