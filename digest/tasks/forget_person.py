"""Erasing a person (Art. 17 GDPR): out of the database and its files, the queue, the outbox and the import reports.

What stays is the hash of the address, so that no list brings it back, and for some years the evidence of consent, which
names nobody.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from digest.links import make_token
from digest.storage.erasure import forget_deliveries, wipe_journal
from digest.tasks.desk import Desk
from subscribers.addresses import parse_address
from subscribers.audit import record_change
from subscribers.errors import UnknownSubscriberError
from subscribers.import_refusals import forget_in_reports
from subscribers.model import Subscriber, SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.repository import find_subscriber
from subscribers.suppression import suppress_address, suppression_of

_MAILDIR = ("", "tmp", "new", "cur")


class ForgottenReport(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries were emptied, messages in the outbox deleted, and rows of import reports blackened.

    `subscriber` is None where nobody had the address. `wiped` says that the database's journal holds no copy; where
    somebody reads for long, a later erasure or purge clears it.
    """

    subscriber: int | None
    deliveries: int
    messages: int
    report_rows: int
    wiped: bool


def forget_person(desk: Desk, person: Subscriber, *, who: str, source: str) -> ForgottenReport:
    """Erase `person`; `source` says whose wish it is and names nobody. What waits to be sent to them is not sent."""
    now = desk.clock()
    with desk.database.write() as connection:
        addresses = erase_subscriber(connection, person, source=source, who=who, secret=desk.secret, now=now)
        editions = forget_deliveries(connection, person.id)
        record_change(
            connection, who=who, what="subscriber.forget", subject=str(person.id), subscriber_id=person.id, at=now
        )
    tokens = {make_token(desk.secret, "message", person.handle, edition) for edition in editions}
    return ForgottenReport(
        subscriber=person.id,
        deliveries=len(editions),
        messages=_delete_messages(desk.outbox, tokens),
        report_rows=sum(forget_in_reports(desk.reports, parse_address(address)) for address in addresses),
        wiped=wipe_journal(desk.database.file),
    )


def forget_address(desk: Desk, email: str, *, who: str, source: str) -> ForgottenReport:
    """Erase whoever has that address; where nobody has, it is taken out of the suppressions and the import reports.

    Raises AddressError, and UnknownSubscriberError where nothing is known of it.
    """
    address, now = parse_address(email), desk.clock()
    with desk.database.read() as connection:
        person = find_subscriber(connection, address.email, secret=desk.secret)
        suppression = suppression_of(connection, address, secret=desk.secret)
    if person is not None:
        return forget_person(desk, person, who=who, source=source)
    rows = forget_in_reports(desk.reports, address)
    named = suppression is not None and bool(suppression.address)
    if not rows and not named:
        raise UnknownSubscriberError(address.email)
    if named:
        with desk.database.write() as connection:
            erased = SuppressionReason.ERASED
            suppress_address(connection, address, reason=erased, source=source, secret=desk.secret, now=now)
            record_change(connection, who=who, what="suppression.forget", subject="address", at=now)
    wiped = wipe_journal(desk.database.file)
    return ForgottenReport(subscriber=None, deliveries=0, messages=0, report_rows=rows, wiped=wiped)


def _delete_messages(outbox: Path, tokens: set[str]) -> int:
    """Delete the files whose name begins with a Message-ID of theirs, in a Maildir or a folder of .eml files."""
    length = max(map(len, tokens), default=0)
    deleted = 0
    for folder in (outbox / name for name in _MAILDIR):
        for file in folder.iterdir() if tokens and folder.is_dir() else ():
            if file.name[:length] in tokens and file.is_file():
                file.unlink(missing_ok=True)
                deleted += 1
    return deleted
