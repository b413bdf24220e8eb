"""What editors put beside the gathered articles. All of it is optional, and all text is plain."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import UNSET, UnsetType

from digest.model.arrangement import Arrangement, Correction
from digest.model.article import Article


class EditorLetter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signed word from the newsroom; one string per paragraph. `portrait` is the URL of a picture."""

    text: tuple[str, ...]
    name: str
    role: str = ""
    portrait: str = ""


class Appointment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One date of the day or the week: `when` as readers shall see it ("10.00 Uhr", "Mittwoch")."""

    when: str
    what: str
    url: str = ""


class NumberedList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Such as the most read of yesterday, or five facts."""

    heading: str
    entries: tuple[str, ...]


class Advertisement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Always labelled "Anzeige"; shown from `first_day` to `last_day`, both included, where they are set."""

    title: str
    advertiser: str
    text: str = ""
    url: str = ""
    first_day: date | None = None
    last_day: date | None = None

    def runs_on(self, day: date) -> bool:
        return (self.first_day is None or day >= self.first_day) and (self.last_day is None or day <= self.last_day)


class Extras(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an editor gave an edition; it stays when the edition is prepared again.

    `subject` wins over any made by rule. `articles` are written by hand and stand first; `pinned` names articles by
    their URL, title or key: they stand next, and every recipient gets both kinds, whatever their limit.

    `arrangement` is what was done to the articles at the desk, `correction` what an edition of that kind is about.
    Both are left out of the frozen form where they are not set, so that older editions keep their hashes.
    """

    subject: str = ""
    letter: EditorLetter | None = None
    articles: tuple[Article, ...] = ()
    pinned: tuple[str, ...] = ()
    dates_heading: str = "Termine"
    dates: tuple[Appointment, ...] = ()
    numbered: NumberedList | None = None
    advertisements: tuple[Advertisement, ...] = ()
    arrangement: Arrangement | UnsetType = UNSET
    correction: Correction | UnsetType = UNSET

    @property
    def arranged(self) -> Arrangement:
        """The arrangement, an empty one where nobody has arranged anything."""
        return self.arrangement or Arrangement()
