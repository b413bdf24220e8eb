"""How far an edition is: the part of a page that asks for itself anew while something moves."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Response, get

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionState
from digest.tasks.sending_status import EditionStatus
from digest.tasks.sending_worker import SendingWorker
from digest.web.newsroom.layout import ASKED_BY_ITSELF, TheVisit
from digest.web.newsroom.parts import Number, TheWorker
from digest.web.newsroom.wording import in_words
from digest.web.parts import TheApp

_BEGUN = (EditionState.SENDING, EditionState.PAUSED, EditionState.SENT, EditionState.CANCELLED)


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What a progress bar and the words under it are made of. `moves`: it is worth asking again soon.

    `done` of `total` deliveries have come to their end; `starting`: a sender has been asked and has not begun yet;
    `alone`: nobody works on what ought to be sent. `problem` is what stands in the way, in the program's words.
    """

    number: int
    state: EditionState
    moves: bool
    begun: bool
    done: int
    total: int
    counts: dict[DeliveryState, int]
    rate: float
    left: str
    done_at: datetime | None
    waiting_until: datetime | None
    waiting_why: str
    starting: bool
    alone: bool
    problem: str


def live(status: EditionStatus, worker: SendingWorker, now: datetime) -> Live:
    """`status` as a page shows it."""
    sending = status.state is EditionState.SENDING
    here = worker.has(status.edition)
    left = (status.done_at - now).total_seconds() if status.done_at else 0.0
    return Live(
        number=status.edition,
        state=status.state,
        moves=sending or here,
        begun=status.state in _BEGUN,
        done=status.total - status.left,
        total=status.total,
        counts=status.deliveries,
        rate=status.rate,
        left=in_words(left) if status.done_at else "",
        done_at=status.done_at,
        waiting_until=status.waiting_until,
        waiting_why=status.waiting_why,
        starting=here and not status.senders,
        alone=sending and not here and not status.senders,
        problem=status.reason if status.state is EditionState.PAUSED else worker.said(status.edition),
    )


@get("/ausgaben/{number:int}/stand", opt=ASKED_BY_ITSELF, sync_to_thread=True)
def show_progress(app: TheApp, visit: TheVisit, worker: TheWorker, number: Number) -> Response[str]:
    """The part alone; the page around it is loaded anew once the edition's state is another."""
    status = app.sending_status(number)[0]
    shown = live(status, worker, app.clock())
    headers = {} if shown.moves else {"hx-refresh": "true"}
    return visit.fragment("progress.html", headers=headers, live=shown)
