"""How far a sender is with an edition, told by itself about once a second."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from digest.model.edition import EditionKind, EditionState
from digest.storage.tables import editions, sending_progress

#: A sender that has said nothing for so long is gone.
SILENT_AFTER = timedelta(seconds=10)


class SendingProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What one sender says of its run at `at`. `holder` names it, such as "host:4711"; `rate` is in messages a second.

    `sent_before` were submitted when the run began, `submitted` since. While it waits, `waiting_until` says for how
    long and `waiting_why` for what: a clause such as "relay smtp.example allows 500/hour". `done_at` is its own
    estimate, where limits decide when it will be done.
    """

    holder: str
    at: datetime
    started_at: datetime
    sent_before: int = 0
    submitted: int = 0
    rate: float = 0.0
    waiting_until: datetime | None = None
    waiting_why: str = ""
    done_at: datetime | None = None

    def alive(self, now: datetime) -> bool:
        """Whether it spoke lately. One from the future is gone, too: the clock was set back since."""
        return abs(now - self.at) <= SILENT_AFTER


_FIELDS = SendingProgress.__struct_fields__
_COLUMNS = [sending_progress.c[name] for name in _FIELDS]


def save_progress(connection: Connection, edition: int, progress: SendingProgress) -> None:
    """Keep what a sender says, in place of what it said before; senders that are gone are forgotten."""
    values = msgspec.structs.asdict(progress)
    ours = sending_progress.c.edition_id == edition
    changed = connection.execute(
        update(sending_progress).where(ours, sending_progress.c.holder == progress.holder).values(values)
    )
    if not changed.rowcount:
        connection.execute(delete(sending_progress).where(ours, sending_progress.c.at < progress.at - SILENT_AFTER))
        connection.execute(insert(sending_progress).values(edition_id=edition, **values))


def load_progress(connection: Connection, edition: int) -> list[SendingProgress]:
    """What each of its senders said last, the newest first; also those that are gone, until another begins."""
    query = select(*_COLUMNS).where(sending_progress.c.edition_id == edition).order_by(sending_progress.c.at.desc())
    return [SendingProgress(**row._mapping) for row in connection.execute(query)]


def clear_progress(connection: Connection, edition: int, holder: str) -> None:
    """For a sender that has come to its end."""
    connection.execute(
        delete(sending_progress).where(sending_progress.c.edition_id == edition, sending_progress.c.holder == holder)
    )


def unfinished_editions(connection: Connection, *, newsletter: str = "") -> list[int]:
    """The numbers of those that are being sent or are paused, the newest first; letters only where they are paused."""
    query = select(editions.c.id).where(
        editions.c.state.in_((EditionState.SENDING, EditionState.PAUSED)),
        or_(editions.c.kind != EditionKind.LETTER, editions.c.state == EditionState.PAUSED),
    )
    if newsletter:
        query = query.where(editions.c.newsletter == newsletter)
    return list(connection.execute(query.order_by(editions.c.id.desc())).scalars())
