"""What an editor may decide about an edition, from which states; and the page that asks before it is done."""

from __future__ import annotations

from typing import NamedTuple

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.app import App
from digest.errors import HeldBackError, SettingsError, StepError
from digest.model.edition import Edition, EditionKind, EditionState
from digest.storage.edition_changes import record_edition_change
from digest.storage.editions import get_edition
from digest.tasks.review_edition import review_edition
from digest.tasks.sending_worker import SendingWorker
from digest.web.newsroom.layout import ROOT, TheVisit, Visit
from digest.web.newsroom.parts import Number, TheWorker
from digest.web.newsroom.preparing import prepare
from digest.web.parts import TheApp, ThePosted
from digest.web.public.archive import find_newsletter
from subscribers.errors import UnknownListError, UnknownSegmentError

_S = EditionState


class Decision(NamedTuple):
    """`verb` is the program's name for it, `label` the button's; `warns` is what has to be known before."""

    verb: str
    label: str
    states: frozenset[EditionState]
    warns: str
    said: str
    kind: str = "second"


#: The last part of the address -> what is decided there, in the order of the buttons.
DECISIONS = {
    "freigeben": Decision(
        "approve",
        "Freigeben",
        frozenset({_S.PREPARED, _S.IN_REVIEW, _S.HELD}),
        "Sie geben die Ausgabe frei, wie sie jetzt ist. Jede spätere Änderung hebt die Freigabe auf.",
        "Die Ausgabe ist freigegeben.",
        "",
    ),
    "senden": Decision(
        "send",
        "Jetzt senden",
        frozenset({_S.PREPARED, _S.APPROVED}),
        "Der Versand beginnt sofort, nicht erst zur geplanten Zeit.",
        "Der Versand beginnt.",
    ),
    "weiter": Decision(
        "resume",
        "Versand fortsetzen",
        frozenset({_S.PAUSED}),
        "Alle, die diese Ausgabe noch nicht bekommen haben, bekommen sie jetzt.",
        "Der Versand geht weiter.",
        "",
    ),
    "anhalten": Decision(
        "pause",
        "Versand anhalten",
        frozenset({_S.SENDING}),
        "Der Versand hält an und lässt sich fortsetzen. Was schon übergeben ist, kommt an.",
        "Der Versand ist angehalten.",
        "grave",
    ),
    "zurueckhalten": Decision(
        "hold",
        "Zurückhalten",
        frozenset({_S.PREPARED, _S.IN_REVIEW, _S.APPROVED}),
        "Die Ausgabe geht nicht hinaus, auch nicht zur geplanten Zeit, bis jemand das Zurückhalten aufhebt.",
        "Die Ausgabe ist zurückgehalten.",
    ),
    "aufheben": Decision(
        "release",
        "Zurückhalten aufheben",
        frozenset({_S.HELD}),
        "Die Ausgabe kann wieder hinausgehen; wo eine Freigabe nötig ist, wartet sie darauf.",
        "Die Ausgabe wird nicht mehr zurückgehalten.",
    ),
    "auslassen": Decision(
        "skip",
        "Auslassen",
        frozenset({_S.GATHERING, _S.PREPARED, _S.IN_REVIEW, _S.APPROVED, _S.HELD}),
        "Niemand bekommt diese Ausgabe. Wird sie neu vorbereitet, ist das zurückgenommen.",
        "Die Ausgabe wird ausgelassen.",
    ),
    "vorbereiten": Decision(
        "prepare",
        "Neu vorbereiten",
        frozenset({_S.GATHERING, _S.PREPARED, _S.IN_REVIEW, _S.SKIPPED}),
        "Die Quellen werden gelesen, und die Ausgabe wird neu zusammengestellt. Was von Hand geändert wurde, bleibt.",
        "",
    ),
    "abbrechen": Decision(
        "cancel",
        "Versand abbrechen",
        frozenset({_S.SENDING, _S.PAUSED}),
        "Wer die Ausgabe noch nicht hat, bekommt sie nicht mehr. Das lässt sich nicht zurücknehmen.",
        "Der Versand ist abgebrochen.",
        "grave",
    ),
}
_BEGINS_SENDING = {"send": False, "resume": True}
_CHANGED = "Es wurde nichts getan: Die Ausgabe hat sich inzwischen geändert. Bitte sehen Sie sie noch einmal an."


def decisions_for(edition: Edition, worker: SendingWorker) -> dict[str, Decision]:
    """What may be decided about the edition now."""
    if worker.has(edition.number) and edition.state is not _S.SENDING:
        return {}  # it is about to be sent
    return {path: decision for path, decision in DECISIONS.items() if _may(decision, edition)}


def _may(decision: Decision, edition: Edition) -> bool:
    if edition.state not in decision.states:
        return False
    if decision.verb == "prepare":
        return edition.kind is EditionKind.REGULAR
    if decision.verb == "send":
        required = edition.content is not None and edition.content.newsletter.approval == "required"
        return bool(edition.content_hash) and (edition.state is _S.APPROVED or not required)
    return decision.verb != "approve" or bool(edition.content_hash)


def what_was_seen(edition: Edition) -> str:
    """What a decision is about: a later state or content is another one."""
    return f"{edition.state}-{edition.content_hash[:16]}"


@get("/ausgaben/{number:int}/entscheiden/{path:str}", sync_to_thread=True)
def ask(app: TheApp, visit: TheVisit, worker: TheWorker, number: Number, path: FromPath[str]) -> Response[str]:
    """What the decision means, and a button."""
    edition, decision = _find(app, number, path)
    if path not in decisions_for(edition, worker):
        return visit.go(f"{ROOT}/ausgaben/{number}", _CHANGED, tone="wrong")
    return visit.page(
        "decision.html",
        edition=edition,
        decision=decision,
        seen=what_was_seen(edition),
        recipients=_recipients(app, edition) if decision.verb in ("approve", "send") else None,
    )


@post("/ausgaben/{number:int}/entscheiden/{path:str}", status_code=200, sync_to_thread=True)
def decide(
    app: TheApp,
    visit: TheVisit,
    worker: TheWorker,
    posted: ThePosted,
    number: Number,
    path: FromPath[str],
) -> Response[str]:
    """Done only where the edition is still what the editor has seen (`seen`)."""
    edition, decision = _find(app, number, path)
    back = f"{ROOT}/ausgaben/{number}"
    if path not in decisions_for(edition, worker) or posted.one("seen") != what_was_seen(edition):
        return visit.go(back, _CHANGED, tone="wrong")
    if decision.verb == "prepare":
        return prepare(app, visit, find_newsletter(app, edition.newsletter), edition.date, back)
    if decision.verb in _BEGINS_SENDING:
        return _begin_sending(app, visit, worker, edition, decision)
    try:
        review_edition(app.database, edition, decision.verb, app.clock(), who=visit.editor.who)
    except StepError:
        return visit.go(back, _CHANGED, tone="wrong")
    return visit.go(back, decision.said)


def _begin_sending(
    app: App, visit: Visit, worker: SendingWorker, edition: Edition, decision: Decision
) -> Response[str]:
    back = f"{ROOT}/ausgaben/{edition.number}"
    try:
        app.backend()
    except (HeldBackError, SettingsError) as problem:
        return visit.go(back, f"Es wurde nichts gesendet: {problem}", tone="wrong")
    with app.database.write() as connection:
        record_edition_change(connection, edition.number, decision.verb, who=visit.editor.who, at=app.clock())
    worker.send(edition.number, resume=_BEGINS_SENDING[decision.verb])
    return visit.go(back, decision.said)


def _find(app: App, number: int, path: str) -> tuple[Edition, Decision]:
    if path not in DECISIONS:
        raise NotFoundException()
    with app.database.read() as connection:
        return get_edition(connection, number, content=True), DECISIONS[path]


def _recipients(app: App, edition: Edition) -> int | None:
    """How many people its lists come to now; None where a list or the segment is gone."""
    if edition.content is None:
        return None
    try:
        return app.count_recipients(edition.content.newsletter)
    except (UnknownListError, UnknownSegmentError):
        return None
