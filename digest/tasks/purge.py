"""What is deleted by itself: sign-ups that nobody confirmed, evidence that is no longer needed, counts of requests."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from digest.model.privacy import PrivacySettings
from digest.storage.database import Database
from digest.storage.erasure import forget_deliveries, wipe_journal
from digest.storage.letters import drop_shells_of_letters
from subscribers.address_changes import drop_old_address_changes
from subscribers.purging import delete_old_evidence, end_unconfirmed
from subscribers.request_counts import delete_old_counts

#: People whose unconfirmed sign-ups are deleted in one transaction.
_AT_ONCE = 200
#: Longer than any window in which requests are counted, and than any link to a new address is good for.
_COUNTED = timedelta(days=2)
#: For so long a letter that was sent can be looked at as it was.
_SHELLS = timedelta(days=2)


class PurgeReport(msgspec.Struct, frozen=True, kw_only=True):
    """How many unconfirmed sign-ups ended, how many people were deleted who had no other, and how much else."""

    unconfirmed: int
    people: int
    evidence: int
    letters: int


def purge(database: Database, privacy: PrivacySettings, now: datetime) -> PurgeReport:
    """Delete what the settings say is to go; nothing is left of somebody who never confirmed anything."""
    unconfirmed = people = 0
    before = now - timedelta(days=privacy.unconfirmed_days)
    while True:
        with database.write() as connection:
            ended, gone = end_unconfirmed(connection, before, limit=_AT_ONCE, now=now)
            for subscriber in gone:
                forget_deliveries(connection, subscriber)
        unconfirmed, people = unconfirmed + ended, people + len(gone)
        if ended < _AT_ONCE:
            break
    with database.write() as connection:
        evidence = delete_old_evidence(connection, _years_before(now, privacy.evidence_years))
        letters = drop_shells_of_letters(connection, (now - _SHELLS).date())
        delete_old_counts(connection, now - _COUNTED)
        drop_old_address_changes(connection, now - _COUNTED)
    if people:
        wipe_journal(database.file)
    return PurgeReport(unconfirmed=unconfirmed, people=people, evidence=evidence, letters=letters)


def _years_before(now: datetime, years: int) -> datetime:
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # the 29th of February
        return now.replace(year=now.year - years, day=28)
