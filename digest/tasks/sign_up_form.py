"""What of a sign-up form is kept: whatever cannot be used is left out, for nobody who answers it is known yet."""

from __future__ import annotations

import re

from digest.model.reader import SignUp
from subscribers.cleaning import clean_line
from subscribers.errors import WrongValueError
from subscribers.model import Profile
from subscribers.profile import read_profile

#: Longer names are not people's, and neither are those that hold an address of the web or of mail.
_NAME_MAX, _TITLE_MAX, _ENTRY_MAX, _ENTRIES_MAX = 60, 30, 40, 30
_ADDRESS = re.compile(r"[:/@<>\d]|www\.|\.(?:[a-z]{2,}|[A-Z]{2,})\b(?!\s)|\.[a-z]{2,}$")
_TITLE = re.compile(r"(?!.*(?:www\.|\.[a-z]{2,}(?![.\w])))(?:[^\W\d_]{1,10}\.?[ -]?){1,6}", re.DOTALL)


def read_wish(wish: SignUp) -> Profile:
    """The profile that a sign-up form states, as far as it can be one."""
    texts = {
        "first_name": _name(wish.first_name),
        "last_name": _name(wish.last_name),
        "title": _title(wish.title),
        "salutation": wish.salutation,
        "form": wish.form,
        "topics": _entries("topics", wish.topics),
        "coins": _entries("coins", wish.coins),
    }
    return read_profile({field: text for field, text in texts.items() if _readable(field, text)})


def _name(text: str) -> str:
    name = clean_line(text)
    return "" if len(name) > _NAME_MAX or not name.isprintable() or _ADDRESS.search(name) else name


def _title(text: str) -> str:
    title = clean_line(text)
    return title if len(title) <= _TITLE_MAX and _TITLE.fullmatch(title) else ""


def _entries(field: str, entries: tuple[str, ...]) -> str:
    cleaned = (clean_line(entry) for entry in entries[:_ENTRIES_MAX])
    short = (entry for entry in cleaned if len(entry) <= _ENTRY_MAX and ";" not in entry)
    return ";".join(entry for entry in short if _readable(field, entry))


def _readable(field: str, text: str) -> bool:
    try:
        read_profile({field: text})
    except WrongValueError:
        return False
    return True
