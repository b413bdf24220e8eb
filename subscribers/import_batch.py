"""One batch of an import: what becomes of each row. The statements that write it stand in `import_store`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from subscribers.addresses import Address
from subscribers.import_store import Barred, Person, Store
from subscribers.model import Consent, Profile, SubscriptionState, SuppressionReason
from subscribers.profile import join_profiles
from subscribers.suppression import suppressions_among

_PENDING, _ACTIVE, _LEFT = SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED


class Standing(StrEnum):
    """How a row's person stood where the file comes from."""

    STATED = "stated"
    PENDING = "pending"
    LEFT = "left"
    BARRED = "barred"


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One valid row of a file; `key` is its `address_key`.

    STATED is as its consent says; PENDING waits for a confirmation, whatever is said of consent; LEFT has left this
    list; BARRED must not be mailed at all, `why` and (where that is known) since `barred_since`.
    """

    line: int
    address: Address
    key: str
    profile: Profile
    consent: Consent | None
    standing: Standing = Standing.STATED
    why: str = ""
    barred_since: datetime | None = None


class Fate(StrEnum):
    """What became of a row; the names of the counts in an ImportReport."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"
    LEFT = "left"
    ERASED = "erased"


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """A row's fate; `pending` waits for a confirmation, `reason` is a sentence where the fate alone says little."""

    fate: Fate
    pending: bool = False
    reason: str = ""


def apply_batch(
    conn: Connection,
    list_id: int,
    entries: Sequence[Entry],
    *,
    now: datetime,
    import_id: int | None,
) -> list[Outcome]:
    """Put the rows onto the list, and write down under `import_id` what that changed; per row what became of it.

    Without an `import_id` nothing is written.
    """
    suppressed = suppressions_among(conn, {entry.key: entry.address.domain for entry in entries})
    people: dict[str, Person] = {}
    to_bar: dict[str, Barred] = {}
    for entry in entries:
        if entry.key not in people and entry.key not in suppressed:
            people[entry.key] = Person(entry.address, entry.key)
    store = Store(conn, list_id, now)
    store.load(people)
    former = store.former(people)
    outcomes = []
    for entry in entries:
        if suppression := suppressed.get(entry.key):
            erased = suppression.reason is SuppressionReason.ERASED
            outcomes.append(Outcome(Fate.ERASED if erased else Fate.SUPPRESSED))
        elif entry.standing is Standing.BARRED:
            to_bar.setdefault(entry.key, Barred(entry.key, entry.address, entry.why, entry.barred_since or now))
            outcomes.append(Outcome(Fate.SUPPRESSED, reason=_by_the_file(entry)))
        elif entry.key in to_bar:
            outcomes.append(Outcome(Fate.SUPPRESSED))
        elif entry.key in former and not people[entry.key].known:
            outcomes.append(_MOVED)
        else:
            outcomes.append(_take(people[entry.key], entry))
    if import_id is not None:
        store.write([person for person in people.values() if person.target is not None], import_id)
        store.bar(list(to_bar.values()), import_id)
    return [
        _WAITING if outcome is _ADDED and people[entry.key].target is _PENDING else outcome
        for entry, outcome in zip(entries, outcomes, strict=True)
    ]


def _take(person: Person, entry: Entry) -> Outcome:
    """Join what a row states to what is known of its person."""
    if person.target is _LEFT:
        return Outcome(Fate.LEFT)
    if entry.standing is Standing.LEFT and person.target is not None:
        return _UNCHANGED  # whoever is on the list here has come back since, or joined here
    outcome = _UNCHANGED if person.target else _ADDED
    target = person.target
    if entry.standing is Standing.LEFT:
        target, outcome = _LEFT, Outcome(Fate.LEFT, reason=_by_the_file(entry))
        person.consent = Consent(source=entry.why)
    elif target is not _ACTIVE:
        stated = entry.standing is Standing.STATED
        target = _ACTIVE if entry.consent and stated and not person.must_confirm else _PENDING
        person.consent = entry.consent if stated else None
    profile = join_profiles(person.profile, entry.profile) if person.known else entry.profile
    if outcome is _UNCHANGED and (profile != person.profile or target is not person.target):
        outcome = _UPDATED
    person.profile, person.target, person.known = profile, target, True
    return outcome


def _by_the_file(entry: Entry) -> str:
    return f"{entry.why[:1].upper()}{entry.why[1:]}; an import respects that."


_ADDED, _UPDATED, _UNCHANGED = Outcome(Fate.ADDED), Outcome(Fate.UPDATED), Outcome(Fate.UNCHANGED)
_WAITING = Outcome(Fate.ADDED, pending=True)
_MOVED = Outcome(Fate.UNCHANGED, reason="Somebody had this address before and has another now; they are as they were.")
