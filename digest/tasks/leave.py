"""Leaving: what the link in a mail would end, and ending it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection

from digest.model.newsletter import Newsletter
from digest.model.reader import Leaving, LeavingReason, Left, Origin
from digest.tasks.desk import READER, Desk
from digest.tasks.reader_links import Bearer, bearer_of_mail, mask_address
from digest.tasks.send_letter import queue_letter
from subscribers.model import Subscriber, SubscriptionState
from subscribers.subscriptions import subscriptions_of, unsubscribe

_LEFT = SubscriptionState.UNSUBSCRIBED
#: What is said of a mail whose newsletter nobody knows any more: its link ends everything.
_EVERYTHING = "alle Newsletter"


def look_at_leaving(desk: Desk, token: str) -> Leaving | None:
    """See `ReaderRequests.look_at_leaving`."""
    with desk.database.read() as connection:
        bearer = bearer_of_mail(desk, connection, "unsubscribe", token)
        if bearer is None:
            return None
        standings = standings_of(connection, bearer.person)
    wanted = _lists(bearer, standings)
    newsletter = bearer.newsletter
    others = (
        each.name
        for each in desk.newsletters
        if each != newsletter
        and any(standings.get(slug) is SubscriptionState.ACTIVE and slug not in wanted for slug in each.lists)
    )
    return Leaving(
        newsletter=newsletter.slug if newsletter else "",
        newsletter_name=newsletter.name if newsletter else _EVERYTHING,
        address=mask_address(bearer.person.email),
        already_left=all(standings.get(slug, _LEFT) is _LEFT for slug in wanted),
        others=tuple(others),
    )


def leave(desk: Desk, token: str, *, reason: str, everything: bool, origin: Origin) -> Left | None:
    """See `ReaderRequests.leave`."""
    now = desk.clock()
    with desk.database.read() as connection:
        bearer = bearer_of_mail(desk, connection, "unsubscribe", token)
        if bearer is None:
            return None
        standings = standings_of(connection, bearer.person)
    write_goodbyes(desk, standings, now)
    with desk.database.write() as connection:
        standings = standings_of(connection, bearer.person)
        wanted = set(standings) if everything else _lists(bearer, standings)
        left = leave_lists(
            desk,
            connection,
            bearer.person,
            {slug: state for slug, state in standings.items() if slug in wanted},
            reason=reason,
            origin=origin,
            edition=bearer.edition,
            now=now,
        )
    return Left(newsletter_name=bearer.newsletter.name if bearer.newsletter else _EVERYTHING, lists=tuple(left))


def leave_lists(
    desk: Desk,
    connection: Connection,
    person: Subscriber,
    standings: Mapping[str, SubscriptionState],
    *,
    reason: str = "",
    origin: Origin,
    edition: int | None = None,
    now: datetime,
) -> list[str]:
    """End the subscriptions in `standings` that have not ended, with a goodbye letter per newsletter; what was left."""
    left: list[str] = []
    letters: dict[str, int] = {}
    for slug in sorted(slug for slug, state in standings.items() if state is not _LEFT):
        newsletter = desk.newsletter_of_list(slug)
        if newsletter and newsletter.slug not in letters and standings[slug] is SubscriptionState.ACTIVE:
            letters[newsletter.slug] = queue_letter(connection, desk.letters, "goodbye", newsletter, person, now=now)
        letter = letters.get(newsletter.slug) if newsletter else None
        left += unsubscribe(
            connection,
            person.id,
            slug,
            source=origin.page or "link in a mail",
            ip=desk.ip(origin.ip),
            who=READER,
            edition_id=edition,
            reason=read_reason(reason),
            proof={"letter": str(letter)} if letter else None,
            now=now,
        )
    return left


def write_goodbyes(desk: Desk, lists: Collection[str], now: datetime) -> None:
    """Write the goodbye letters that leaving these lists may need, ahead of the transaction."""
    for newsletter in desk.newsletters:
        if set(newsletter.lists).intersection(lists):
            desk.letters.write("goodbye", newsletter, now)


def read_reason(text: str) -> str:
    """The LeavingReason that `text` names, "other" for any other text: what people write may name people."""
    if not text.strip():
        return ""
    known = {str(reason) for reason in LeavingReason}
    return text if text in known else LeavingReason.OTHER


def standings_of(connection: Connection, person: Subscriber) -> dict[str, SubscriptionState]:
    """How a person stands with each list that they have ever been on, by slug."""
    return {each.list_slug: each.state for each in subscriptions_of(connection, person.id)}


def _lists(bearer: Bearer, standings: Mapping[str, SubscriptionState]) -> set[str]:
    """The lists that the mail's newsletter goes to; all of them where nobody knows it any more."""
    newsletter: Newsletter | None = bearer.newsletter
    return set(standings) if newsletter is None else set(newsletter.lists).intersection(standings)
