"""What each letter may carry: its one link, its slots, its headers. Sending needs this, too, so it is light."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import msgspec

from digest import german
from digest.errors import NotFoundError
from digest.links import LetterPurpose
from digest.model.edition import EditionContent, EditionKind
from digest.model.newsletter import read_time, read_weekdays

LetterName = Literal["confirm", "welcome", "goodbye", "settings", "address", "address_changed"]
#: Where the letters' looks are, in templates/ and in an operator's own folder.
FOLDER = "letters"


class Letterhead(msgspec.Struct, frozen=True, kw_only=True):
    """`purpose` is that of its link (slot.action_url), which by default ends `lifetime` after the planned time.

    Only a letter `on_list` goes to somebody who is on the list: it has List-* fields and the links to leave and to
    choose. The others are transactions, and a confirmation is sent to somebody who may never have asked for it.
    """

    purpose: LetterPurpose | None = None
    lifetime: timedelta | None = None
    on_list: bool = False

    @property
    def slots(self) -> frozenset[str]:
        """The slots that have a value in it."""
        action = {"action_url"} if self.purpose else set[str]()
        doors = {"settings_url", "unsubscribe_url"} if self.on_list else set[str]()
        return frozenset({"greeting", "address"} | action | doors)


LETTERS: Mapping[LetterName, Letterhead] = {
    "confirm": Letterhead(purpose="confirm", lifetime=timedelta(days=14)),
    "welcome": Letterhead(on_list=True),
    "goodbye": Letterhead(purpose="undo", lifetime=timedelta(days=30)),
    "settings": Letterhead(purpose="account", lifetime=timedelta(days=1)),
    "address": Letterhead(purpose="address", lifetime=timedelta(days=1)),
    "address_changed": Letterhead(),
}


def find_letterhead(content: EditionContent) -> Letterhead | None:
    """The letterhead of `content`, None where it is no letter. Raises NotFoundError for a letter that nobody knows."""
    if content.kind is not EditionKind.LETTER:
        return None
    folder, _, name = content.newsletter.template.rpartition("/")
    known = next((letterhead for key, letterhead in LETTERS.items() if key == name), None)
    if known is None or folder != FOLDER:
        raise NotFoundError("letter", content.newsletter.template, f"among {', '.join(LETTERS)}")
    return known


def letter_variables(content: EditionContent) -> dict[str, Any]:
    """What a letter's templates see beside an edition's variables: when its link ends and when the newsletter comes."""
    if content.kind is not EditionKind.LETTER:
        return {}
    newsletter, expires = content.newsletter, ""
    if content.expires is not None:
        ends = content.expires.astimezone(content.site.zone)
        expires = f"{german.long_date(ends.date())}, {german.time_of_day(ends)}"
    days, at = german.on_weekdays(read_weekdays(newsletter.days)), german.time_of_day(read_time(newsletter.at))
    timetable = f"{days} um {at}"
    if newsletter.holidays:
        timetable += ", außer an Feiertagen"
    return {"expires": expires, "timetable": timetable}
