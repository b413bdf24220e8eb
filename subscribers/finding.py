"""People found by what an admin remembers of them."""

from __future__ import annotations

from datetime import UTC

from sqlalchemy import Connection

from subscribers.addresses import parse_address
from subscribers.cleaning import clean_line
from subscribers.errors import AddressError, WrongValueError
from subscribers.former_addresses import formerly_at
from subscribers.model import Subscriber
from subscribers.recipients import list_subscribers
from subscribers.repository import find_subscriber
from subscribers.segments.conditions import segment_clause
from subscribers.segments.fields import find_field
from subscribers.segments.tree import AllOf, AnyOf, Condition, Contains, Equals

_SEARCHED = tuple(find_field(name) for name in ("email", "first_name", "last_name"))
_TAG, _DOMAIN = find_field("tag"), find_field("domain")
#: More words than a name has; each costs a look at every row.
_WORDS_MAX = 8


def find_people(conn: Connection, text: str, *, secret: bytes, after: int = 0, limit: int = 50) -> list[Subscriber]:
    """Up to `limit` people with a number above `after`: by address (a former one too), `@domain`, or words.

    Each word stands in the address or the name, or else the whole text is one of their tags. Case does not matter.
    Raises WrongValueError for an empty text, or one of too many words.
    """
    text = clean_line(text)
    if exact := _by_address(conn, text, secret):
        return [person for person in exact if person.id > after][:limit]
    condition = _condition(text)
    return list_subscribers(conn, where=segment_clause(conn, condition, UTC), after=after, limit=limit)


def _by_address(conn: Connection, text: str, secret: bytes) -> list[Subscriber]:
    try:
        address = parse_address(text)
    except AddressError:
        return []
    owner = find_subscriber(conn, address.email, secret=secret)
    found = {person.id: person for person in ([owner] if owner else []) + formerly_at(conn, address, secret=secret)}
    return [person for _, person in sorted(found.items())]


def _condition(text: str) -> Condition:
    if text.startswith("@") and len(text) > 1 and " " not in text:
        return Equals(_DOMAIN, text[1:])
    words = text.split()
    if not words or len(words) > _WORDS_MAX:
        raise WrongValueError("text", f"of {len(words)} words", f"write 1 to {_WORDS_MAX} words to look for.")
    by_words = AllOf(tuple(AnyOf(tuple(Contains(field, word) for field in _SEARCHED)) for word in words))
    return AnyOf((by_words, Equals(_TAG, text)))
