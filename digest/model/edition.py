"""What a newsletter sends once: its frozen inputs and its states."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from enum import StrEnum

import msgspec

from digest.errors import StepError
from digest.model.article import Article
from digest.model.extras import Extras
from digest.model.newsletter import Newsletter
from digest.model.site import Site


class EditionKind(StrEnum):
    REGULAR = "regular"
    EXTRA = "extra"
    CORRECTION = "correction"
    LETTER = "letter"


class EditionState(StrEnum):
    GATHERING = "gathering"
    PREPARED = "prepared"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    HELD = "held"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    def check_step(self, to: EditionState) -> None:
        """Raise StepError unless an edition may go from this state to `to`."""
        if to not in EDITION_STEPS[self]:
            raise StepError(f"An edition that is {self} cannot become {to}.")


_E = EditionState
EDITION_STEPS: dict[EditionState, frozenset[EditionState]] = {
    _E.GATHERING: frozenset({_E.PREPARED, _E.IN_REVIEW, _E.SKIPPED, _E.CANCELLED}),
    _E.PREPARED: frozenset({_E.PREPARED, _E.IN_REVIEW, _E.APPROVED, _E.SENDING, _E.HELD, _E.SKIPPED, _E.CANCELLED}),
    _E.IN_REVIEW: frozenset({_E.IN_REVIEW, _E.PREPARED, _E.APPROVED, _E.HELD, _E.SKIPPED, _E.CANCELLED}),
    _E.APPROVED: frozenset({_E.SENDING, _E.IN_REVIEW, _E.HELD, _E.SKIPPED, _E.CANCELLED}),
    _E.SENDING: frozenset({_E.SENDING, _E.SENT, _E.PAUSED, _E.CANCELLED}),
    _E.PAUSED: frozenset({_E.SENDING, _E.CANCELLED}),
    _E.HELD: frozenset({_E.PREPARED, _E.IN_REVIEW, _E.APPROVED, _E.SKIPPED, _E.CANCELLED}),
    _E.SKIPPED: frozenset({_E.PREPARED, _E.IN_REVIEW, _E.SKIPPED}),
    _E.SENT: frozenset(),
    _E.CANCELLED: frozenset(),
}


#: The reason of an edition that was approved, and waits for approval again.
CHANGED = "changed since it was approved"


class EditionContent(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an edition is made from, frozen at prepare; `hash` names it, and approval is of that hash.

    An article's number is its place in `articles`. `templates` maps file names to their text at that time,
    `subject` is the edition's own. Prices are no part of it: they are filled in when sending begins.
    """

    site: Site
    newsletter: Newsletter
    kind: EditionKind
    date: date
    at: datetime
    subject: str
    articles: tuple[Article, ...]
    coins: tuple[str, ...]
    currency: str
    templates: dict[str, str]
    extras: Extras = Extras()
    #: How many of the first articles every recipient gets.
    pinned: int = 0
    #: When the link of a letter ends; None for one whose links do not, and for what is no letter.
    expires: datetime | None = None

    def to_json(self) -> bytes:
        """The canonical form: same content, same bytes."""
        return msgspec.json.encode(self, order="deterministic")

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.to_json()).hexdigest()


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the editions table. `number` is its id; `content` is None until it was prepared."""

    number: int
    newsletter: str
    kind: EditionKind
    date: date
    at: datetime
    state: EditionState
    content: EditionContent | None = None
    content_hash: str = ""
    approved_hash: str = ""
    reason: str = ""
    prepared_at: datetime | None = None
    sent_at: datetime | None = None
