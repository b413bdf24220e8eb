"""A person's own values as text (a CSV row, a command line, a form), read into a Profile, and two profiles joined."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from subscribers.cleaning import clean_line, show
from subscribers.errors import WrongValueError
from subscribers.model import Form, Profile, Salutation

#: The texts that `read_profile` takes, beside attributes of any other name.
PROFILE_FIELDS = (
    "first_name",
    "last_name",
    "title",
    "salutation",
    "form",
    "topics",
    "coins",
    "max_articles",
    "tags",
)

#: Longest name, attribute and entry of a list, in characters; most entries in a list.
NAME_MAX, ATTRIBUTE_MAX, ENTRY_MAX, ENTRIES_MAX = 200, 2000, 100, 100

#: The longest text whose division into entries is remembered, in characters.
_CACHED_MAX = 200

_SALUTATIONS: dict[str, Salutation] = {"": "", "frau": "Frau", "herr": "Herr", "divers": "divers"}
_FORMS: dict[str, Form] = {"": "", "sie": "Sie", "du": "du"}
_COIN = re.compile(r"[A-Z0-9]{1,12}")
_LIMIT = re.compile(r"[0-9]{1,3}")

T = TypeVar("T")


def read_profile(texts: Mapping[str, str], attributes: Mapping[str, str] | None = None) -> Profile:
    """The profile that `texts` states (keys of PROFILE_FIELDS; lists are divided by `;`).

    Raises WrongValueError for the first value that its field does not take. An empty attribute is not kept.
    """
    return Profile(
        first_name=_name(texts, "first_name"),
        last_name=_name(texts, "last_name"),
        title=_name(texts, "title"),
        salutation=_choice(texts, "salutation", _SALUTATIONS),
        form=_choice(texts, "form", _FORMS),
        topics=_entries(texts, "topics", str.lower),
        coins=_coins(texts),
        max_articles=_limit(texts),
        tags=_entries(texts, "tags", str),
        attributes=_attributes(attributes) if attributes else {},
    )


def join_profiles(known: Profile, stated: Profile) -> Profile:
    """What is known of a person after somebody stated more: a stated value replaces, an empty one leaves alone.

    Tags and attributes are added to those that are there.
    """
    tags = known.tags if not stated.tags else tuple(dict.fromkeys(known.tags + stated.tags))
    return Profile(
        first_name=stated.first_name or known.first_name,
        last_name=stated.last_name or known.last_name,
        title=stated.title or known.title,
        salutation=stated.salutation or known.salutation,
        form=stated.form or known.form,
        topics=stated.topics or known.topics,
        coins=stated.coins or known.coins,
        max_articles=known.max_articles if stated.max_articles is None else stated.max_articles,
        tags=tags,
        attributes=known.attributes | stated.attributes if stated.attributes else known.attributes,
    )


def _name(texts: Mapping[str, str], field: str) -> str:
    text = texts.get(field)
    if not text:
        return ""
    name = clean_line(text)
    if len(name) > NAME_MAX:
        raise WrongValueError(field, show(name), f"a name has {NAME_MAX} characters at most, this one {len(name)}.")
    return name


def _choice(texts: Mapping[str, str], field: str, choices: Mapping[str, T]) -> T:
    text = texts.get(field)
    if not text:
        return choices[""]
    found = choices.get(clean_line(text).casefold())
    if found is None:
        raise WrongValueError(
            field, show(text), f"must be {', '.join(str(c) for c in choices.values() if c)} or empty."
        )
    return found


def _entries(texts: Mapping[str, str], field: str, spell: Callable[[str], str]) -> tuple[str, ...]:
    text = texts.get(field)
    if not text:
        return ()
    return _split(text, field, spell) if len(text) <= _CACHED_MAX else _split.__wrapped__(text, field, spell)


@lru_cache(maxsize=4096)
def _split(text: str, field: str, spell: Callable[[str], str]) -> tuple[str, ...]:
    """Cached, for a whole file has few different values in these columns."""
    entries = tuple(dict.fromkeys(spell(entry) for part in text.split(";") if (entry := clean_line(part))))
    if len(entries) > ENTRIES_MAX:
        raise WrongValueError(field, show(text), f"{ENTRIES_MAX} entries at most, these are {len(entries)}.")
    for entry in entries:
        if len(entry) > ENTRY_MAX:
            raise WrongValueError(field, show(entry), f"an entry has {ENTRY_MAX} characters at most.")
    return entries


def _coins(texts: Mapping[str, str]) -> tuple[str, ...]:
    coins = _entries(texts, "coins", str.upper)
    for coin in coins:
        if not _COIN.fullmatch(coin):
            raise WrongValueError("coins", show(coin), "a coin is a symbol such as BTC; several are divided by `;`.")
    return coins


def _limit(texts: Mapping[str, str]) -> int | None:
    text = texts.get("max_articles")
    if not text or not (text := clean_line(text)):
        return None
    if not _LIMIT.fullmatch(text) or int(text) == 0:
        raise WrongValueError("max_articles", show(text), "must be a whole number from 1 to 999, or empty.")
    return int(text)


def _attributes(texts: Mapping[str, str]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, text in texts.items():
        if value := clean_line(text):
            if len(value) > ATTRIBUTE_MAX:
                raise WrongValueError(name, show(value), f"an attribute has {ATTRIBUTE_MAX} characters at most.")
            attributes[name] = value
    return attributes
