"""What a sending run reports, while it runs and at its end."""

from __future__ import annotations

from typing import Literal

import msgspec

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionState
from digest.storage import deliveries, editions, ledger
from digest.storage.database import Database


class SendReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger says of the edition now, and how long this run took. `skipped` counts by reason.

    `note` says why nothing was sent, or when sending goes on; `in_doubt` counts what an interrupted sender left.
    """

    edition: int
    newsletter: str
    state: EditionState
    submitted: int = 0
    deferred: int = 0
    rejected: int = 0
    unknown: int = 0
    queued: int = 0
    skipped: dict[str, int] = msgspec.field(default_factory=dict)
    sent_now: int = 0
    in_doubt: int = 0
    seconds: float = 0.0
    messages_per_second: float = 0.0
    note: str = ""


class Progress(msgspec.Struct, frozen=True):
    """What a progress bar is told: `step` counts from 0 to `total`; `note` says what is waited for."""

    step: Literal["plan", "send"]
    done: int
    total: int
    note: str = ""


def report_sending(
    database: Database, number: int, *, sent_now: int = 0, in_doubt: int = 0, seconds: float = 0.0, note: str = ""
) -> SendReport:
    """The ledger's account of the edition `number` as it stands, with the figures of this run."""
    with database.read() as connection:
        edition = editions.get_edition(connection, number)
        counts = ledger.count_deliveries(connection, number)
        again = deliveries.next_try(connection, number)
    by_state = dict.fromkeys(DeliveryState, 0)
    for (state, _), count in counts.items():
        by_state[state] += count
    if again and not note:
        note = f"{by_state[DeliveryState.DEFERRED]} deferred; the next try is due at {again:%Y-%m-%d %H:%M} UTC"
    return SendReport(
        edition=number,
        newsletter=edition.newsletter,
        state=edition.state,
        submitted=by_state[DeliveryState.SUBMITTED],
        deferred=by_state[DeliveryState.DEFERRED],
        rejected=by_state[DeliveryState.REJECTED],
        unknown=by_state[DeliveryState.UNKNOWN],
        queued=by_state[DeliveryState.QUEUED],
        skipped={reason: count for (state, reason), count in counts.items() if state is DeliveryState.SKIPPED},
        sent_now=sent_now,
        in_doubt=in_doubt,
        seconds=round(seconds, 3),
        messages_per_second=round(sent_now / seconds, 1) if seconds else 0.0,
        note=note,
    )
