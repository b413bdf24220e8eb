"""A row of another newsletter program's export in our words, read by its map."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, tzinfo
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import msgspec

from subscribers.cleaning import clean_line, show
from subscribers.csv_maps import CsvMap
from subscribers.csv_rows import column_name
from subscribers.csv_times import read_time
from subscribers.errors import WrongValueError
from subscribers.import_batch import Standing
from subscribers.profile import PROFILE_FIELDS

#: What programs write where there is no time, and for no.
_NO = frozenset(
    (
        "",
        "0",
        "-",
        "no",
        "nein",
        "n",
        "false",
        "none",
        "null",
        "n/a",
        "never",
        "nie",
        "0000-00-00",
        "0000-00-00 00:00:00",
    )
)
_YES = frozenset(("1", "yes", "ja", "y", "true"))
_SALUTATIONS = {
    **dict.fromkeys(("frau", "female", "weiblich", "f", "w", "ms", "ms.", "mrs", "mrs.", "woman"), "Frau"),
    **dict.fromkeys(("herr", "male", "männlich", "m", "mr", "mr.", "man"), "Herr"),
    **dict.fromkeys(("divers", "diverse", "d", "x", "other", "nonbinary", "non-binary"), "divers"),
}
#: Words that belong to the name behind them.
_PARTICLES = frozenset(
    (
        "von",
        "vom",
        "zu",
        "zum",
        "zur",
        "van",
        "der",
        "den",
        "ter",
        "ten",
        "de",
        "del",
        "della",
        "di",
        "da",
        "du",
        "la",
        "le",
    )
)
#: A status -> what to say of it; the later go before the earlier ones where columns differ.
_SERIOUS = {
    "active": "",
    "pending": "unconfirmed",
    "left": "unsubscribed",
    "bounced": "bounced",
    "complained": "complained",
}

_WORD = re.compile(r"\s+")


class Translated(msgspec.Struct, frozen=True, gc=False):
    """A row of another program in our words: fields for `read_profile` and `stated_consent`, and attributes."""

    cells: dict[str, str]
    attributes: dict[str, str]
    standing: Standing
    why: str = ""
    since: datetime | None = None


class Translator:
    """Reads the rows of one file by one map."""

    def __init__(self, used: CsvMap, columns: Collection[str], *, zone: tzinfo, source: str) -> None:
        """`zone` is that of times without one, where the map has none; `source` is what consent is said to be from."""
        self._map, self._source = used, source
        self._zone = ZoneInfo(used.zone) if used.zone else zone
        self._columns = {
            field: [column for name in names for column in _repeated(name, columns)]
            for field, names in used.columns.items()
        }
        mapped = {column for names in self._columns.values() for column in names}
        dropped = mapped | {column for name in used.ignored for column in _repeated(name, columns)}
        self._others = [column for column in columns if column not in dropped]

    def translate(self, cells: Mapping[str, str]) -> Translated:
        """Raises WrongValueError for a status that the map does not know, and for attributes that are no JSON."""
        ours = {field: self._first(cells, field) for field in ("email", *PROFILE_FIELDS) if field in self._columns}
        if name := clean_line(self._first(cells, "name")):
            first_name, last_name = split_name(name)
            ours["first_name"] = ours.get("first_name") or first_name
            ours["last_name"] = ours.get("last_name") or last_name
        if salutation := ours.get("salutation"):
            ours["salutation"] = _SALUTATIONS.get(clean_line(salutation).casefold(), "")
        if tags := ours.get("tags"):
            ours["tags"] = ";".join(self._tags(tags))
        ours |= self._consent(cells)
        attributes = {column: cells[column] for column in self._others if cells.get(column)}
        for text in self._filled(cells, "attributes"):
            further = read_attributes(text)
            if further is None:
                raise WrongValueError("attributes", show(text), "it is no JSON object.")
            attributes |= {column_name(name): value for name, value in further.items()}
        status, since = self._status(cells)
        if status == "active":
            return Translated(ours, attributes, Standing.STATED)
        if status == "pending":
            return Translated(ours, attributes, Standing.PENDING)
        reason = clean_line(self._first(cells, "reason"))[:200]
        why = f"{_SERIOUS[status]} at {self._map.name}" + (f" ({reason})" if reason else "")
        return Translated(ours, attributes, Standing.BARRED, why, since)

    def _consent(self, cells: Mapping[str, str]) -> dict[str, str]:
        times = [text for text in self._filled(cells, "consent_at") if text.casefold() not in _YES]
        at = next((text for text in times if self._time(text)), times[0] if times else "")
        time = self._time(at) if at else None
        own = clean_line(self._first(cells, "consent_source"))
        stated = {"consent_at": time.isoformat() if time else at, "consent_ip": self._ip(cells)}
        return stated | {"consent_source": f"{self._source}: {own}" if own else self._source} if at else stated

    def _status(self, cells: Mapping[str, str]) -> tuple[str, datetime | None]:
        """The most serious that any column says, and since when."""
        found = {"active"}
        for text in self._filled(cells, "status", empty=frozenset()):
            if (word := clean_line(text).casefold()) not in self._map.status:
                raise WrongValueError("status", show(text), f"{self._map.name} is not known to have such a status.")
            found.add(self._map.status[word])
        if self._columns.get("confirmed") and not any(self._filled(cells, "confirmed")):
            found.add("pending")
        since = None
        for field, status in (("left_at", "left"), ("bounced_at", "bounced")):
            for text in self._filled(cells, field):
                found.add(status)
                since = since or self._time(text)
        return max(found, key=list(_SERIOUS).index), since

    def _tags(self, text: str) -> Iterator[str]:
        # Some programs quote the tags, some mask a comma that is part of one.
        lines = csv.reader([text], delimiter=self._map.tags, skipinitialspace=True, escapechar="\\")
        return (tag.replace(";", ",") for tag in next(lines, []))

    def _ip(self, cells: Mapping[str, str]) -> str:
        """The first address that is one: some programs write a list of them, or a word where there is none."""
        for text in self._filled(cells, "consent_ip"):
            for part in text.split(","):
                try:
                    return str(ip_address(part.strip()))
                except ValueError:
                    continue
        return ""

    def _time(self, text: str) -> datetime | None:
        return read_time(text, zone=self._zone, month_first=self._map.month_first)

    def _first(self, cells: Mapping[str, str], field: str) -> str:
        return next((cells[column] for column in self._columns.get(field, ()) if cells.get(column)), "")

    def _filled(self, cells: Mapping[str, str], field: str, *, empty: Collection[str] = _NO) -> Iterator[str]:
        for column in self._columns.get(field, ()):
            text = cells.get(column, "").strip()
            if text and text.casefold() not in empty:
                yield text


def split_name(name: str) -> tuple[str, str]:
    """A whole name as first and last name: the last is the last word and the particles before it ("von der Heide")."""
    if ", " in name:
        last_name, _, first_name = name.partition(", ")
        return first_name, last_name
    words = _WORD.split(name)
    if len(words) == 1:
        return name, ""
    cut = len(words) - 1
    while cut > 1 and words[cut - 1].casefold() in _PARTICLES:
        cut -= 1
    return " ".join(words[:cut]), " ".join(words[cut:])


def read_attributes(text: str) -> dict[str, str] | None:
    """The JSON object in a cell as attributes; what is nested stays JSON. None where it is no object."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in found.items()
        if value is not None
    }


def _repeated(name: str, columns: Collection[str]) -> list[str]:
    """The columns of that name: it may stand in the header more than once."""
    return [column for column in columns if column == name or re.fullmatch(rf"{re.escape(name)}_\d+", column)]
