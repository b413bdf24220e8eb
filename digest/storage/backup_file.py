"""The file of a backup: one .tar.gz with mode 0600, whose last member says what must be in it."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from digest.errors import StorageError

DATABASE, SECRET, SETTINGS, DKIM_KEY = "digest.db", "secret", "config.toml", "dkim.pem"
PICTURES, TEMPLATES = "pictures/", "templates/"
_MANIFEST = "manifest.json"
#: What may be in one: a path never leads out of the folder that it is unpacked into.
_NAME = re.compile(
    r"digest\.db|secret|config\.toml|dkim\.pem|manifest\.json|pictures/[0-9a-f]{64}\.jpg"
    r"|templates/(?:[\w-][\w.-]*/){0,6}[\w-][\w.-]*",
    re.ASCII,
)
_FORMAT = 1
_MOST_MEMBERS = 1_000_000
_MANIFEST_MAX = 256 * 1024 * 1024
#: Beyond this, gzip takes long and gains little.
_LEVEL = 4
_CHUNK = 1 << 20


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One file: `size` in octets, `sha256` in hex."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds, when it was begun, and by which versions of the program and of its database."""

    made_at: datetime
    program: str
    schema: str
    files: tuple[Member, ...]
    format: int = _FORMAT


def may_hold(name: str) -> bool:
    """Whether a file of that name can be in a backup."""
    return _NAME.fullmatch(name) is not None and ".." not in name


def write_backup(
    out: Path, members: Iterable[tuple[str, Path]], *, made_at: datetime, program: str, schema: str
) -> Manifest:
    """Write `members` (name, file) to `out` and read it back; it is there whole and proven, or not at all.

    What vanishes while it is collected is left out, unless it is the database or the secret. Raises StorageError.
    """
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                manifest = _write(file, members, made_at, program, schema)
                file.flush()
                os.fsync(file.fileno())
            if _read(draft, lambda _name, _content: None) != manifest:
                raise StorageError(f"The backup {out} could not be read back as it was written; is the disk sound?")
            draft.replace(out)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as problem:
        raise StorageError(f"The backup {out} cannot be written: {problem.strerror or problem}.") from problem
    return manifest


def _write(
    file: IO[bytes], members: Iterable[tuple[str, Path]], made_at: datetime, program: str, schema: str
) -> Manifest:
    written: list[Member] = []
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_LEVEL, format=tarfile.PAX_FORMAT) as archive:
        for name, path in members:
            try:
                opened = path.open("rb")
            except FileNotFoundError:
                if name in (DATABASE, SECRET):
                    raise
                continue
            with opened:
                size = os.fstat(opened.fileno()).st_size
                counted = _Counted(opened)
                archive.addfile(_entry(name, size, made_at), counted)
                written.append(Member(name=name, size=size, sha256=counted.hexdigest()))
        manifest = Manifest(made_at=made_at, program=program, schema=schema, files=tuple(written))
        encoded = msgspec.json.encode(manifest)
        archive.addfile(_entry(_MANIFEST, len(encoded), made_at), io.BytesIO(encoded))
    return manifest


def _entry(name: str, size: int, at: datetime) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(at.timestamp())
    return entry


class _Counted:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._hash.update(chunk)
        return chunk

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def unpack_backup(file: Path, folder: Path) -> Manifest:
    """Unpack a backup into the empty `folder`, each file with mode 0600, and prove it whole. Raises StorageError.

    Nothing in it is believed: names lead nowhere else, and what is bigger than the disk is refused.
    """

    def unpack(name: str, content: _Counted) -> None:
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while chunk := content.read(_CHUNK):
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())

    return _read(file, unpack)


def _read(file: Path, take: Callable[[str, _Counted], None]) -> Manifest:
    """Hand every file to `take`, and prove that all of them are what the manifest says."""
    seen: dict[str, Member] = {}
    manifest: Manifest | None = None
    with _sentences(file), tarfile.open(file, mode="r:gz") as archive:
        room = shutil.disk_usage(file.parent).free
        for entry in archive:
            known = entry.isreg() and may_hold(entry.name)
            if not known or manifest is not None or entry.name in seen or len(seen) >= _MOST_MEMBERS:
                raise _UnsoundError(f"{entry.name[:80]!r} has no business in it")
            room -= entry.size
            if room < 0 or (entry.name == _MANIFEST and entry.size > _MANIFEST_MAX):
                raise _UnsoundError(f"{entry.name!r} is bigger than there is room for")
            opened = archive.extractfile(entry)
            assert opened is not None  # noqa: S101, it is a regular file
            if entry.name == _MANIFEST:
                manifest = msgspec.json.decode(opened.read(), type=Manifest)
                continue
            content = _Counted(opened)
            take(entry.name, content)
            while content.read(_CHUNK):
                pass
            seen[entry.name] = Member(name=entry.name, size=entry.size, sha256=content.hexdigest())
        if manifest is None:
            raise _UnsoundError("it is cut off")
        if manifest.format != _FORMAT:
            raise _UnsoundError(f"it is of format {manifest.format}, which this program does not know")
        if {each.name: each for each in manifest.files} != seen:
            raise _UnsoundError("its content is not what was written")
        if not {DATABASE, SECRET} <= seen.keys():
            raise _UnsoundError("it lacks the database or the secret")
    return manifest


class _UnsoundError(ValueError):
    """The file is no whole backup."""


@contextmanager
def _sentences(file: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as missing:
        raise StorageError(f"There is no backup {file}.") from missing
    except (tarfile.TarError, EOFError, zlib.error, msgspec.MsgspecError, ValueError) as problem:
        raise StorageError(f"{file} is no backup that can be used: {str(problem) or 'it is cut off'}.") from problem
    except OSError as problem:
        raise StorageError(f"The backup {file} cannot be read: {problem.strerror or problem}.") from problem
