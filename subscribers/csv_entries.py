"""A row of a file as an Entry: its address, what it says of the person, their consent and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import partial

from subscribers.addresses import address_key, parse_address
from subscribers.consent import stated_consent
from subscribers.csv_maps import CsvMap
from subscribers.csv_rows import CsvRow
from subscribers.csv_translate import Translated, Translator, read_attributes
from subscribers.import_batch import Entry, Standing
from subscribers.profile import PROFILE_FIELDS, read_profile

CONSENT_FIELDS = ("consent_at", "consent_source", "consent_ip")
#: The column in which an export says how somebody stands with the list, and that with further attributes as JSON.
SUBSCRIPTION, ATTRIBUTES = "subscription", "attributes"
#: The columns of our own that are no attributes.
OUR_COLUMNS = ("email", *PROFILE_FIELDS, *CONSENT_FIELDS)

_STANDINGS = {
    "": Standing.STATED,
    "active": Standing.STATED,
    "pending": Standing.PENDING,
    "unsubscribed": Standing.LEFT,
}


class EntryReader:
    """Reads the rows of one file."""

    def __init__(
        self,
        columns: Sequence[str],
        *,
        used: CsvMap | None,
        file: str,
        consent: str,
        secret: bytes,
        now: datetime,
        zone: tzinfo,
        store_ip: bool,
    ) -> None:
        self._secret, self._now, self._file = secret, now, file
        self._others = [column for column in columns if column not in OUR_COLUMNS]
        self._plain = not {SUBSCRIPTION, ATTRIBUTES}.intersection(columns)
        read_consent = partial(stated_consent, source=consent, file=file, now=now, zone=zone, store_ip=store_ip)
        #: Without columns of its own each row has the consent that the importer states.
        self._same = () if used or set(CONSENT_FIELDS).intersection(columns) else (read_consent({}),)
        self._read_consent = read_consent
        self._translator: Translator | None = None
        if used is not None:
            source = f"{used.name} export {file}" + (f", {consent}" if consent else "")
            self._translator = Translator(used, columns, zone=zone, source=source)

    def read(self, row: CsvRow) -> Entry:
        """Raises AddressError, WrongValueError."""
        translated = self._translator.translate(row.cells) if self._translator else self._own(row.cells)
        cells = translated.cells
        address = parse_address(cells.get("email", ""))
        return Entry(
            line=row.line,
            address=address,
            key=address_key(self._secret, address.email),
            profile=read_profile(cells, translated.attributes),
            consent=self._same[0] if self._same else self._read_consent(cells),
            standing=translated.standing,
            why=translated.why,
            barred_since=min(translated.since, self._now) if translated.since else None,
        )

    def _own(self, cells: dict[str, str]) -> Translated:
        attributes = {name: cells[name] for name in self._others if cells.get(name)}
        if self._plain:
            return Translated(cells, attributes, Standing.STATED)
        if further := read_attributes(attributes.get(ATTRIBUTES, "")):
            del attributes[ATTRIBUTES]
            attributes |= further
        standing = _STANDINGS.get(attributes.get(SUBSCRIPTION, ""))
        if standing is None:  # a column of the operator's own that happens to be called so
            return Translated(cells, attributes, Standing.STATED)
        attributes.pop(SUBSCRIPTION, None)
        return Translated(cells, attributes, standing, f"unsubscribed according to {self._file}")
