"""Logs of what runs for long: a line per event on stderr, with the local time, and without anybody's address.

`DIGEST_LOG=json` in the environment makes every line a JSON document: time, level, logger, message and, for a fault of
ours, exception.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from digest.errors import SettingsError

#: How logs are written.
LOG_VARIABLE = "DIGEST_LOG"
_ADDRESS = re.compile(r"[^\s@<>()\[\]{},;:\"'„“]+@(?=[\w-]+(?:\.[\w-]+)*)")
#: What every token of ours looks like, and the secret ends of webhooks' addresses.
_TOKEN = re.compile(r"\b[a-z2-7]{32,}\b", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def masked(text: str) -> str:
    """`text` with "…" for the local parts of addresses, and for tokens."""
    return _TOKEN.sub("…", _ADDRESS.sub("…@", text))


class _Lines(logging.Formatter):
    """ "2026-03-06T06:30:02+01:00 INFO Edition 12 …"; a line stays one line, whatever a feed puts into it."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self._zone = zone

    def local_time(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, self._zone).isoformat(timespec="seconds")

    def message(self, record: logging.LogRecord) -> str:
        return _CONTROLS.sub(" ", masked(record.getMessage())).strip()

    def exception(self, record: logging.LogRecord) -> str:
        return masked(self.formatException(record.exc_info)) if record.exc_info else ""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.local_time(record)} {record.levelname} {self.message(record)}"
        return "\n".join(filter(None, (line, self.exception(record))))


class _Json(_Lines):
    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": self.local_time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
        }
        if exception := self.exception(record):
            said["exception"] = exception
        return json.dumps(said, ensure_ascii=False)


_FORMS: dict[str, Callable[[tzinfo], logging.Formatter]] = {"": _Lines, "text": _Lines, "json": _Json}


def set_up_logs(zone: tzinfo, environ: Mapping[str, str]) -> None:
    """From here on log what is done, in times of `zone`. Raises SettingsError for a form that is not known."""
    form = environ.get(LOG_VARIABLE, "")
    if form not in _FORMS:
        raise SettingsError(LOG_VARIABLE, f"{form!r} is neither json nor text", "the environment")
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(_FORMS[form](zone))
    logging.basicConfig(level=logging.ERROR, handlers=[lines], force=True)
    logging.getLogger("digest").setLevel(logging.INFO)


class Repeats:
    """What is said again and again is logged when it changes, and now and then."""

    def __init__(self, every_seconds: float = 900.0) -> None:
        self._every = every_seconds
        self._said: dict[str, tuple[str, float]] = {}

    def is_news(self, about: str, text: str) -> bool:
        """Whether `text` is to be logged; `about` is what it is said of."""
        last, at = self._said.get(about, ("", 0.0))
        if text == last and time.monotonic() - at < self._every:
            return False
        self._said[about] = text, time.monotonic()
        return True

    def over(self, about: str) -> bool:
        """What was said of it is over; whether there was anything."""
        return self._said.pop(about, None) is not None
