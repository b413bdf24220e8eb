"""The link of a confirmation letter: what it would confirm, and confirming it."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection

from digest.model.newsletter import Newsletter
from digest.model.reader import Confirmation, Confirmed, LinkState, Origin
from digest.tasks.desk import READER, Desk
from digest.tasks.newest_edition import queue_newest_edition
from digest.tasks.reader_links import Bearer, bearer_of_letter, mask_address
from digest.tasks.send_letter import queue_letter
from subscribers.addresses import parse_address
from subscribers.consent import lists_of_letter
from subscribers.model import Consent, ConsentEventKind, Subscriber, SubscriptionState
from subscribers.subscriptions import confirm, subscriptions_of
from subscribers.suppression import suppression_of


def look_at_confirmation(desk: Desk, token: str) -> Confirmation | None:
    """See `ReaderRequests.look_at_confirmation`."""
    with desk.database.read() as connection:
        bearer = bearer_of_letter(desk, connection, "confirm", token, desk.clock())
        if bearer is None or bearer.newsletter is None:
            return None
        return Confirmation(
            newsletter=bearer.newsletter.slug,
            newsletter_name=bearer.newsletter.name,
            address=mask_address(bearer.person.email),
            state=_state(desk, connection, bearer),
        )


def confirm_sign_up(desk: Desk, token: str, origin: Origin) -> Confirmed | None:
    """See `ReaderRequests.confirm`."""
    now = desk.clock()
    with desk.database.read() as connection:
        bearer = bearer_of_letter(desk, connection, "confirm", token, now)
    if bearer is None or bearer.newsletter is None:
        return None
    newsletter = bearer.newsletter
    desk.letters.write("welcome", newsletter, now)
    with desk.database.write() as connection:
        state = _state(desk, connection, bearer)
        newly = state is LinkState.OPEN
        if newly:
            proof = {"letter": str(bearer.edition), "token_sha256": token_hash(token)}
            consent = Consent(source="link of the confirmation letter", ip=desk.ip(origin.ip), proof=proof)
            for slug in _pending(connection, bearer):
                confirm(
                    connection,
                    bearer.person.id,
                    slug,
                    consent=consent,
                    who=READER,
                    edition_id=bearer.edition,
                    now=now,
                )
            welcome(desk, connection, newsletter, bearer.person, now)
    return Confirmed(
        newsletter=newsletter.slug,
        newsletter_name=newsletter.name,
        state=LinkState.DONE if newly else state,
        newly=newly,
    )


def welcome(desk: Desk, connection: Connection, newsletter: Newsletter, person: Subscriber, now: datetime) -> None:
    """Queue the welcome letter and the newest edition for somebody whose subscription has just become active."""
    queue_letter(connection, desk.letters, "welcome", newsletter, person, now=now)
    queue_newest_edition(desk, connection, newsletter.slug, person, now)


def token_hash(token: str) -> str:
    """What is written down of a token that was used: enough to recognise it, not to use it."""
    return hashlib.sha256(token.lower().encode()).hexdigest()


def is_suppressed(desk: Desk, connection: Connection, person: Subscriber) -> bool:
    return suppression_of(connection, parse_address(person.email), secret=desk.secret) is not None


def _state(desk: Desk, connection: Connection, bearer: Bearer) -> LinkState:
    if is_suppressed(desk, connection, bearer.person):
        return LinkState.GONE
    if _pending(connection, bearer):
        return LinkState.EXPIRED if bearer.expired else LinkState.OPEN
    if _asked_about(connection, bearer, SubscriptionState.ACTIVE):
        return LinkState.DONE
    return LinkState.EXPIRED if bearer.expired else LinkState.GONE


def _pending(connection: Connection, bearer: Bearer) -> list[str]:
    return _asked_about(connection, bearer, SubscriptionState.PENDING)


def _asked_about(connection: Connection, bearer: Bearer, state: SubscriptionState) -> list[str]:
    """The lists that the letter asked about and that the person stands in that state with, unless they left since."""
    asked = lists_of_letter(connection, bearer.person.id, ConsentEventKind.CONFIRMATION_SENT, bearer.edition)
    standings = {each.list_slug: each.state for each in subscriptions_of(connection, bearer.person.id)}
    return [slug for slug, holds in asked.items() if holds and standings.get(slug) is state]
