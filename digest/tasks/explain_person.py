"""Why somebody got what they got, and did not get the rest."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, tzinfo
from typing import Any

import msgspec
from sqlalchemy import Connection

from digest.model.delivery import DeliveryState
from digest.model.edition import Edition, EditionState
from digest.model.newsletter import Newsletter
from digest.storage.bounces import bounces_of
from digest.storage.database import Database
from digest.storage.deliveries import deliveries_of
from digest.storage.editions import list_editions
from subscribers.addresses import parse_address
from subscribers.errors import UnknownSegmentError, UnknownSubscriberError
from subscribers.model import Subscription, SubscriptionState
from subscribers.repository import find_subscriber
from subscribers.segment_store import is_in_segment
from subscribers.subscriptions import subscriptions_of
from subscribers.suppression import suppression_of

#: How many of the newest editions are accounted for.
_EDITIONS = 30
_RECIPIENTS_FIXED = frozenset({EditionState.SENDING, EditionState.PAUSED, EditionState.SENT})


class DeliveryAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One edition and this person: what the ledger says, or with `state` None why they do not stand in it.

    `came_back` says of each report what it was and what followed, such as "hard (userunknown, 5.1.1): suppressed".
    """

    edition: int
    newsletter: str
    date: date
    state: DeliveryState | None
    reason: str = ""
    reply: str = ""
    attempts: int = 0
    settled_at: datetime | None = None
    came_back: tuple[str, ...] = ()


class PersonAccount(msgspec.Struct, frozen=True, kw_only=True):
    """All that bears on what a person gets; `standing` says it in a sentence."""

    address: str
    standing: str
    subscriptions: list[Subscription]
    deliveries: list[DeliveryAccount]


def explain_person(
    database: Database, address: str, secret: bytes, newsletters: Sequence[Newsletter], zone: tzinfo, now: datetime
) -> PersonAccount:
    """What the lists and the ledger say of `address`; `newsletters` are those of the settings.

    Raises AddressError for what is no address, UnknownSubscriberError where nothing is known of it.
    """
    parsed = parse_address(address)
    with database.read() as connection:
        suppression = suppression_of(connection, parsed, secret=secret)
        person = find_subscriber(connection, parsed.email, secret=secret)
        if person is None and suppression is None:
            raise UnknownSubscriberError(parsed.email)
        standings = subscriptions_of(connection, person.id) if person else []
        rows = deliveries_of(connection, person.id, _EDITIONS) if person else []
        bounced = bounces_of(connection, person.id, 4 * _EDITIONS) if person else []
        recent = list_editions(connection, limit=_EDITIONS) if person else []
        outside = _outside(connection, person.id, newsletters, zone) if person else {}
    if suppression is not None:
        standing = f"suppressed since {suppression.since:%Y-%m-%d} ({suppression.reason}); gets nothing"
    elif person is None:
        standing = "not a subscriber; gets nothing"
    elif not any(each.state is SubscriptionState.ACTIVE for each in standings):
        standing = "no active subscription; gets nothing"
    elif person.paused_until is not None and person.paused_until > now:
        standing = f"pauses until {person.paused_until.astimezone(zone):%Y-%m-%d}; gets nothing before"
    else:
        standing = "gets what goes to the lists with an active subscription"
    accounts = [
        DeliveryAccount(
            edition=row.edition_id,
            newsletter=row.newsletter,
            date=row.day,
            state=row.state,
            reason=row.reason,
            reply=row.reply,
            attempts=row.attempts,
            settled_at=row.settled_at,
            came_back=tuple(_in_words(each) for each in reversed(bounced) if each.edition_id == row.edition_id),
        )
        for row in rows
    ]
    lists = {newsletter.slug: newsletter.lists for newsletter in newsletters}
    entered = {account.edition for account in accounts}
    accounts += [
        DeliveryAccount(
            edition=edition.number,
            newsletter=edition.newsletter,
            date=edition.date,
            state=None,
            reason=_absence(edition, standings, lists.get(edition.newsletter, ()), outside.get(edition.newsletter, "")),
        )
        for edition in recent
        if edition.number not in entered
    ]
    accounts.sort(key=lambda account: (account.date, account.edition), reverse=True)
    return PersonAccount(
        address=parsed.email, standing=standing, subscriptions=standings, deliveries=accounts[:_EDITIONS]
    )


def _in_words(bounce: Any) -> str:
    cause = ", ".join(filter(None, (bounce.reason, bounce.status, "still trying" if bounce.waiting else "")))
    return f"{bounce.bounce_class} ({cause}): {bounce.effect}"


def _outside(
    connection: Connection, subscriber: int, newsletters: Sequence[Newsletter], zone: tzinfo
) -> dict[str, str]:
    """Newsletter -> its segment, of those newsletters whose segment the person is not in now."""
    found = {}
    for newsletter in newsletters:
        with suppress(UnknownSegmentError):  # nobody gets that newsletter; sending it says so
            if not is_in_segment(connection, subscriber, newsletter.segment, zone=zone):
                found[newsletter.slug] = newsletter.segment
    return found


def _absence(edition: Edition, standings: Sequence[Subscription], lists: Sequence[str], outside: str) -> str:
    """Why somebody does not stand in an edition's ledger."""
    if edition.state not in _RECIPIENTS_FIXED:
        return f"the edition is {edition.state}{f': {edition.reason}' if edition.reason else ''}"
    active = [each for each in standings if each.state is SubscriptionState.ACTIVE and each.list_slug in lists]
    if active and outside:
        return f"they are not in the segment {outside}"
    if active:
        return "they joined after its recipients were fixed"
    return f"no active subscription to {' or '.join(lists)}" if lists else "its newsletter is not in the settings now"
