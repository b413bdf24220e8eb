"""Other newsletter programs' exports: how each names its columns. Each program is one table in `maps/`."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources

import msgspec

from subscribers.errors import UsageError


class CsvMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one program names its columns. All names are as `column_name` makes them, all statuses in small letters.

    `columns`: our field -> theirs, of which the first that is filled counts (of `status` all do). Besides fields of a
    profile and of a consent there are `name` (the whole of it), `status`, `left_at` and `bounced_at` (filled where it
    happened), `reason`, `attributes` (a JSON object), and `confirmed`: where it is empty, nobody confirmed.
    `signature` is how an export is known: of each group it has one column at least.
    """

    name: str
    signature: tuple[tuple[str, ...], ...]
    columns: dict[str, tuple[str, ...]]
    status: dict[str, str]
    ignored: tuple[str, ...] = ()
    zone: str = ""
    month_first: bool = False
    tags: str = ","
    escape: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        return self.columns["email"]

    def fits(self, columns: Collection[str]) -> bool:
        """Whether a header with these columns is this program's."""
        return all(any(name in columns for name in group) for group in (self.required, *self.signature))


@cache
def csv_maps() -> Mapping[str, CsvMap]:
    """All of them, by the name that the command line takes."""
    files = [file for file in (resources.files("subscribers") / "maps").iterdir() if file.name.endswith(".toml")]
    tables = {file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8")) for file in files}
    return {name: msgspec.convert(table, CsvMap) for name, table in sorted(tables.items())}


def csv_map(name: str) -> CsvMap:
    """The one of that name. Raises UsageError."""
    maps = csv_maps()
    if name not in maps:
        raise UsageError(f"There is no map {name}; there are {', '.join(maps)}.")
    return maps[name]


def guess_map(columns: Collection[str]) -> str:
    """Whose export a header is, or empty."""
    return next((name for name, each in csv_maps().items() if each.fits(columns)), "")
