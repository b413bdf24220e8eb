"""The link of a goodbye letter: what it would bring back, and bringing it back."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import Connection

from digest.model.reader import LinkState, Origin, Undoing
from digest.tasks.confirm_sign_up import is_suppressed, token_hash
from digest.tasks.desk import READER, Desk
from digest.tasks.leave import standings_of
from digest.tasks.reader_links import Bearer, bearer_of_letter, mask_address
from subscribers.consent import lists_of_letter
from subscribers.lists import get_list
from subscribers.model import Consent, ConsentEventKind, SubscriptionState
from subscribers.subscriptions import confirm, subscribe


def look_at_undoing(desk: Desk, token: str) -> Undoing | None:
    """See `ReaderRequests.look_at_undoing`."""
    with desk.database.read() as connection:
        bearer = bearer_of_letter(desk, connection, "undo", token, desk.clock())
        return _undoing(desk, connection, bearer) if bearer else None


def undo_leaving(desk: Desk, token: str, origin: Origin) -> Undoing | None:
    """See `ReaderRequests.undo_leaving`."""
    now = desk.clock()
    with desk.database.write() as connection:
        bearer = bearer_of_letter(desk, connection, "undo", token, now)
        undoing = _undoing(desk, connection, bearer) if bearer else None
        if bearer is None or undoing is None or undoing.state is not LinkState.OPEN:
            return undoing
        consent = Consent(
            source="link of the goodbye letter",
            ip=desk.ip(origin.ip),
            proof={"letter": str(bearer.edition), "token_sha256": token_hash(token)},
        )
        for slug in _left(connection, bearer, SubscriptionState.UNSUBSCRIBED):
            # Coming back goes by way of pending, and the mailed link is the confirmation.
            subscribe(connection, bearer.person.id, slug, request=consent, now=now)
            confirm(connection, bearer.person.id, slug, consent=consent, who=READER, edition_id=bearer.edition, now=now)
        return replace(undoing, state=LinkState.DONE)


def _undoing(desk: Desk, connection: Connection, bearer: Bearer) -> Undoing | None:
    if bearer.newsletter is None:
        return None
    if is_suppressed(desk, connection, bearer.person):
        state = LinkState.GONE
    elif _left(connection, bearer, SubscriptionState.UNSUBSCRIBED):
        state = LinkState.EXPIRED if bearer.expired else LinkState.OPEN
    elif _left(connection, bearer, SubscriptionState.ACTIVE):
        state = LinkState.DONE
    else:
        state = LinkState.GONE
    return Undoing(
        newsletter=bearer.newsletter.slug,
        newsletter_name=bearer.newsletter.name,
        address=mask_address(bearer.person.email),
        state=state,
    )


def _left(connection: Connection, bearer: Bearer, state: SubscriptionState) -> list[str]:
    """The lists that were left with this letter, unless anew since, that are open and stand in that state now."""
    left = lists_of_letter(connection, bearer.person.id, ConsentEventKind.UNSUBSCRIBED, bearer.edition)
    standings = standings_of(connection, bearer.person)
    return [
        slug
        for slug, holds in left.items()
        if holds and standings.get(slug) is state and get_list(connection, slug).archived_at is None
    ]
