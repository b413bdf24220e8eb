"""What people decide about an edition: approve, hold, release, pause, cancel, skip."""

from __future__ import annotations

from datetime import datetime

import msgspec

from digest.errors import NotFoundError, StepError
from digest.model.delivery import DeliveryState
from digest.model.edition import Edition, EditionState
from digest.storage import editions, ledger
from digest.storage.database import Database
from digest.storage.edition_changes import record_edition_change


class Review(msgspec.Struct, frozen=True):
    """One decision: the state that it leads to, and a line for the command's help."""

    to: EditionState
    help_line: str


REVIEWS = {
    "approve": Review(EditionState.APPROVED, "Approve an edition as it stands; a later change voids it."),
    "hold": Review(EditionState.HELD, "Hold an edition back until it is released."),
    "release": Review(
        EditionState.PREPARED, "Release an edition that was held; where approval is required, for review."
    ),
    "pause": Review(EditionState.PAUSED, "Pause an edition while it is being sent; `digest send --resume` goes on."),
    "cancel": Review(EditionState.CANCELLED, "Cancel an edition for good; nobody who has not got it yet gets it."),
    "skip": Review(EditionState.SKIPPED, "Leave an edition out; preparing it again takes that back."),
}


def find_edition(
    database: Database, number: int | None, *, content: bool = True
) -> tuple[Edition, dict[tuple[DeliveryState, str], int]]:
    """The edition `number`, or the newest, with its content if wanted and its deliveries counted.

    Raises NotFoundError, and StorageError where the content is not the one that was frozen.
    """
    with database.read() as connection:
        if number is None:
            newest = editions.list_editions(connection, limit=1)
            if not newest:
                raise NotFoundError("edition", "at all", "in the database; run `digest prepare` first")
            number = newest[0].number
        edition = editions.get_edition(connection, number, content=content)
        return edition, ledger.count_deliveries(connection, number)


def set_aside(database: Database, edition: Edition, to: EditionState, reason: str) -> None:
    """Hold or skip an edition because a rule says so. Raises StepError."""
    with database.write() as connection:
        editions.take_step(connection, edition, to, reason=reason)


def review_edition(database: Database, edition: Edition, decision: str, now: datetime, *, who: str = "") -> Edition:
    """Carry out a decision of REVIEWS; the edition as it stands then. The audit trail tells `who` it was.

    Raises StepError where it may not be, or where the edition is not what `edition` says any more.
    """
    to = REVIEWS[decision].to
    where = "in the newsroom" if who.startswith("editor:") else "by command"
    values: dict[str, object] = {"reason": f"{where} at {now:%Y-%m-%d %H:%M} UTC."}
    if decision == "approve":
        if not edition.content_hash or edition.state is EditionState.SKIPPED:
            raise StepError(f"Edition {edition.number} is not prepared yet; there is nothing to approve.")
        values = {"reason": "", "approved_hash": edition.content_hash}
    if decision == "release":
        if edition.state is not EditionState.HELD:
            raise StepError(f"Edition {edition.number} is {edition.state}, not held; there is nothing to release.")
        values = {"reason": ""}
    with database.write() as connection:
        content = editions.get_edition(connection, edition.number, content=decision == "release").content
        if content is not None and content.newsletter.approval == "required":
            to = EditionState.IN_REVIEW
        editions.take_step(connection, edition, to, **values)
        if to is EditionState.CANCELLED:
            ledger.cancel_waiting(connection, edition.number, now)
        if to is EditionState.PAUSED:
            ledger.take_back_claims(connection, edition.number)
        if who:
            record_edition_change(connection, edition.number, decision, who=who, at=now)
        return editions.get_edition(connection, edition.number)
