"""What an import did: counts, and the rows that were not imported, each with its line and the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from subscribers.import_batch import Entry, Fate, Outcome

#: Rows that a report names; all of them are counted.
NAMED_MAX = 1000


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that was not imported, or not as it stands: its first line, the address as far as there is one, and why."""

    line: int
    address: str
    reason: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did (with `dry_run`: would do). Each row read is counted once, from `added` to `refused`.

    `added` are new on this list, `updated` were on it and something changed, `unchanged` were there just so.
    `suppressed`, `left` (unsubscribed from this list) and `erased` were not brought back; among them are those that the
    file itself says have left or bounced. `pending` of those added or updated wait for a confirmation. `duplicates` are
    rows whose address stands in an earlier line, too. `refusals` names the first NAMED_MAX rows of the last four groups
    and the duplicates. `import_id` is the import's number, None for a dry run.
    """

    import_id: int | None
    list_slug: str
    dry_run: bool
    encoding: str
    delimiter: str
    read: int
    added: int
    updated: int
    unchanged: int
    suppressed: int
    left: int
    erased: int
    refused: int
    pending: int
    duplicates: int
    refusals: tuple[RefusedRow, ...]


class Tally:
    """Counts, and names the first rows that were not imported."""

    def __init__(self, on_refused: Callable[[RefusedRow], None] | None) -> None:
        self.read = self.pending = self.refused = self.duplicates = 0
        self._fates = dict.fromkeys(Fate, 0)
        self._named: list[RefusedRow] = []
        self._on_refused = on_refused

    def count(self, entry: Entry, outcome: Outcome, earlier_line: int | None = None) -> None:
        """`earlier_line` is where the file has the same address before."""
        fate = outcome.fate
        self._fates[fate] += 1
        self.pending += outcome.pending
        self.duplicates += earlier_line is not None
        if reason := _reason(outcome, earlier_line):
            # Whoever was erased is not written into yet another report.
            self._name(RefusedRow(entry.line, "" if fate is Fate.ERASED else entry.address.email, reason))

    def refuse(self, line: int, address: str, reason: str) -> None:
        self.read += 1
        self.refused += 1
        self._name(RefusedRow(line, address, reason))

    def _name(self, row: RefusedRow) -> None:
        if len(self._named) < NAMED_MAX:
            self._named.append(row)
        if self._on_refused:
            self._on_refused(row)

    def counts(self) -> Mapping[str, int]:
        """The counts of an ImportReport so far."""
        fates = {fate.value: count for fate, count in self._fates.items()}
        more = {"refused": self.refused, "pending": self.pending, "duplicates": self.duplicates}
        return {"read": self.read} | fates | more

    def report(
        self, *, import_id: int | None, list_slug: str, dry_run: bool, encoding: str, delimiter: str
    ) -> ImportReport:
        return ImportReport(
            import_id=import_id,
            list_slug=list_slug,
            dry_run=dry_run,
            encoding=encoding,
            delimiter=delimiter,
            refusals=tuple(self._named),
            **self.counts(),
        )


def _reason(outcome: Outcome, earlier_line: int | None) -> str:
    if reason := outcome.reason or _KEPT_OUT.get(outcome.fate):
        return reason
    return f"Line {earlier_line} has the same address; both became one person." if earlier_line else ""


_KEPT_OUT = {
    Fate.SUPPRESSED: "The address or its domain is suppressed; an import does not change that.",
    Fate.LEFT: "This person left the list; only they can come back, by a confirmation.",
    Fate.ERASED: "This person was erased; an import does not bring them back.",
}
