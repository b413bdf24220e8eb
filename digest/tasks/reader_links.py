"""Who a link in a mail names, and which newsletter the mail was about."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from digest.errors import NotFoundError
from digest.links import LetterPurpose, Purpose, TokenFacts, letter_token_expiry, read_letter_token, read_token
from digest.model.newsletter import Newsletter
from digest.storage.editions import get_edition
from digest.tasks.desk import Desk
from subscribers.model import Subscriber
from subscribers.repository import subscriber_by_handle

#: A moment before any letter's end.
_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Bearer(NamedTuple):
    """Whom a genuine token names, by which edition; None for a newsletter that nobody knows any more."""

    person: Subscriber
    edition: int
    newsletter: Newsletter | None
    expired: bool = False


def bearer_of_mail(desk: Desk, connection: Connection, purpose: Purpose, token: str) -> Bearer | None:
    """Whom the link of an edition names; None for one that is not genuine, or whose person is gone."""
    return _bearer(desk, connection, read_token(desk.secret, purpose, token))


def bearer_of_letter(
    desk: Desk, connection: Connection, purpose: LetterPurpose, token: str, now: datetime
) -> Bearer | None:
    """Whom the link of a letter names, with whether it has ended; None as above."""
    expires = letter_token_expiry(desk.secret, purpose, token)
    if expires is None:
        return None
    found = _bearer(desk, connection, read_letter_token(desk.secret, purpose, token, _LONG_AGO))
    return found and found._replace(expired=now >= expires)


def newsletter_of_edition(desk: Desk, connection: Connection, number: int) -> Newsletter | None:
    """As the settings have it now, else as it was frozen; None where neither knows it."""
    try:
        head = get_edition(connection, number)
    except NotFoundError:
        return None
    for newsletter in desk.newsletters:
        if newsletter.slug == head.newsletter:
            return newsletter
    content = get_edition(connection, number, content=True).content
    return content.newsletter if content else None


def mask_address(email: str) -> str:
    """ "anna@leser.example" as "a…@leser.example": its owner recognises it, a stranger learns little."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _bearer(desk: Desk, connection: Connection, facts: TokenFacts | None) -> Bearer | None:
    if facts is None:
        return None
    person = subscriber_by_handle(connection, facts.handle)
    if person is None:
        return None
    return Bearer(person, facts.edition, newsletter_of_edition(desk, connection, facts.edition))
