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
from subscribers.import_refusals import forget_in_reports
from subscribers.model import Subscriber
from subscribers.privacy import erase_subscriber

_MAILDIR = ("", "tmp", "new", "cur")


class ForgottenReport(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages were deleted from the outbox, and in how many rows of import reports the person stood.

    `wiped` says that the database's journal holds no copy; where somebody reads for long, a later erasure or purge
    clears it.
    """

    subscriber: int
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
