"""A Maildir that a mail server delivers into: what lies in new/ waits, what is in cur/ was taken in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from digest.errors import MailboxError
from digest.tasks.bounce_mailboxes.base import MAX_OCTETS, Waiting

_SET_ASIDE = ".set-aside"
_LOOK_AGAIN = 1.0


class MaildirMailbox:
    """`path` has the folders new and cur. What cannot be taken in goes to the subfolder `.set-aside` (Maildir++)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def where(self) -> str:
        return str(self._path)

    def waiting(self) -> Iterator[Waiting]:
        for file in self._new():
            try:
                with file.open("rb") as opened:
                    raw = opened.read(MAX_OCTETS)
            except FileNotFoundError:
                continue  # somebody else took it
            except OSError as fault:
                raise self._error(fault) from fault
            yield Waiting(name=file.name, raw=raw)

    def settle(self, name: str) -> None:
        self._move(name, self._path / "cur", "S")

    def set_aside(self, name: str) -> None:
        folder = self._path / _SET_ASIDE
        try:
            for part in ("tmp", "new", "cur"):
                (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise self._error(fault) from fault
        self._move(name, folder / "cur", "F")

    def wait(self, seconds: float, stop: threading.Event) -> None:
        waited = 0.0
        while waited < seconds and not stop.wait(min(_LOOK_AGAIN, seconds - waited)):
            waited += _LOOK_AGAIN
            if self._new():
                return

    def close(self) -> None:
        """Nothing is held between two mails."""

    def _new(self) -> list[Path]:
        try:
            found = [
                file for file in (self._path / "new").iterdir() if not file.name.startswith(".") and file.is_file()
            ]
            return sorted(found, key=lambda file: (file.stat().st_mtime_ns, file.name))
        except FileNotFoundError as gone:
            if (self._path / "new").is_dir():
                return []  # a mail went while we looked
            raise MailboxError(f"There is no Maildir at {self._path} (a folder with new and cur in it).") from gone
        except OSError as fault:
            raise self._error(fault) from fault

    def _move(self, name: str, folder: Path, flag: str) -> None:
        target = name if ":2," in name else f"{name}:2,{flag}"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            (self._path / "new" / name).replace(folder / target)
        except FileNotFoundError:
            return  # somebody else moved it
        except OSError as fault:
            raise self._error(fault) from fault

    def _error(self, fault: OSError) -> MailboxError:
        return MailboxError(f"The Maildir {self._path} cannot be used: {fault.strerror or fault}.")
