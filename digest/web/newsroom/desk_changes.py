"""What editors do at the desk: one edit after another, each saved at once, undone, done again.

Who loads pages without a script gets the whole page anew; a script gets the parts that a change renews. Two editors at
once: an edit says which revision its form was made from, and where somebody else has changed the same thing since, the
second one is told, and what they typed stays in their form.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Request, Response, post
from litestar.params import FromPath

from digest.app import App
from digest.errors import ConflictError, EditRefusedError, NotFoundError, StepError, TemplateError
from digest.model.desk import DeskState, Revision
from digest.tasks.sending_worker import SendingWorker
from digest.web.newsroom.desk import show_panel_page
from digest.web.newsroom.desk_forms import read_edits
from digest.web.newsroom.desk_panels import PANELS, originals_of
from digest.web.newsroom.desk_typed import FORMS, typed_again
from digest.web.newsroom.desk_view import desk_path, head_values, of_others, revisions_since, state_of, triggers
from digest.web.newsroom.layout import TheVisit, Visit
from digest.web.newsroom.parts import Number, TheWorker
from digest.web.parts import TheApp, ThePosted
from digest.web.posted import Posted

_Request = Request[Any, Any, Any]
_STEPS = (_UNDO, _REDO) = ("rueckgaengig", "wiederholen")


class _Done(NamedTuple):
    """How the edition stands after what somebody tried: the revisions since (theirs last), or why nothing was done."""

    state: DeskState
    since: list[Revision]
    problem: str = ""
    conflict: ConflictError | None = None


@post("/ausgaben/{number:int}/tisch/{panel:str}", status_code=200, sync_to_thread=True)
def change(
    request: _Request,
    app: TheApp,
    visit: TheVisit,
    worker: TheWorker,
    posted: ThePosted,
    number: Number,
    panel: FromPath[str],
) -> Response[str]:
    """Takes `tun` (what to do), `stand` (the revision that it is based on), `formular`, and the fields of that."""
    if panel not in PANELS:
        raise NotFoundError("panel", panel, "on the desk")
    done = _try(app, visit, posted, state_of(app, number))
    if request.headers.get("hx-request"):
        return _parts(app, visit, worker, posted, panel, done)
    return _page(app, visit, worker, posted, panel, done)


def _try(app: App, visit: Visit, posted: Posted, before: DeskState) -> _Done:
    number, conflict = before.edition.number, None
    try:
        after = _make(app, visit, posted, before)
    except (EditRefusedError, StepError, TemplateError) as refused:
        problem = str(refused)
        if isinstance(refused, TemplateError):
            problem = f"Mit dieser Änderung lässt sich die Ausgabe nicht setzen: {refused}"
        if isinstance(refused, ConflictError):
            conflict = refused
        after = state_of(app, number)
        return _Done(after, revisions_since(app, number, before.revision), problem, conflict)
    return _Done(after, revisions_since(app, number, before.revision))


def _make(app: App, visit: Visit, posted: Posted, state: DeskState) -> DeskState:
    desk, number, who = app.edition_desk, state.edition.number, visit.editor.who
    verb = posted.one("tun").partition(" ")[0]
    based_on = _based_on(app, visit, posted, state)
    if verb == _UNDO:
        return desk.undo(number, who=who, based_on=based_on)
    if verb == _REDO:
        return desk.redo(number, who=who, based_on=based_on)
    if verb == "adresse":
        pinned = "anheften" in posted
        return desk.add_from_url(number, posted.one("url"), who=who, based_on=based_on, pinned=pinned)
    for edit in read_edits(posted, state):
        state = desk.edit(number, edit, who=who, based_on=based_on)
        based_on = state.revision
    return state


def _based_on(app: App, visit: Visit, posted: Posted, state: DeskState) -> int:
    """The revision that the editor knows: that of the form, or the newest where all since are their own."""
    known = _known(posted)
    others = of_others(revisions_since(app, state.edition.number, known), visit.editor.who)
    return known if others else max(known, state.revision)


def _known(posted: Posted) -> int:
    said = posted.one("durchsetzen") or posted.one("stand")
    return int(said) if said.isdecimal() and len(said) < 10 else 0


def _parts(app: App, visit: Visit, worker: SendingWorker, posted: Posted, panel: str, done: _Done) -> Response[str]:
    """For a script: what the change renews. A form that somebody types in is not among it."""
    changed = bool(done.since) and not done.problem
    verb, _, key = posted.one("tun").partition(" ")
    key = key or posted.one("artikel")
    form = posted.one("formular") if posted.one("formular") in FORMS else ""
    events: dict[str, Any] = {}
    if changed:
        events = {"vorschau": {"artikel": key}, "feld-neu": {}}
        if verb in _STEPS or verb.startswith("zuruecksetzen"):
            events["feld-zurueck"] = {}
    if not done.problem and FORMS.get(form) in ("neu", "beiwerk") and not posted.one("leise"):
        events["feld-leer"] = {}  # a form with room for more
    if not changed and not done.problem and not posted.one("durchsetzen"):
        return Response("", status_code=200 if events else 204, headers=triggers(events))
    article = next((each for each in done.state.articles if each.key == key), None) if form == "artikel" else None
    others = of_others(revisions_since(app, done.state.edition.number, _known(posted)), visit.editor.who)
    return visit.fragment(
        "desk-changed.html",
        headers=triggers(events),
        **head_values(app, visit, worker, done.state, panel),
        announced=_announced(done, key) if changed else "",
        others=others,
        problem=done.problem,
        conflict=done.conflict,
        in_form=form,
        based_on=_known(posted) if done.problem else done.state.revision,
        originals=originals_of(article) if article else [],
        # New words change nothing else of the page.
        piece=article if changed and not others and len(done.since) == 1 else None,
        subject_renewed=verb in _STEPS,
    )


def _announced(done: _Done, key: str) -> str:
    """What has been done, for those who cannot see it."""
    state = done.state
    place = next((each.number + 1 for each in state.articles if each.key == key), None)
    where = f" Platz {place} von {len(state.articles)}." if place else ""
    return f"{done.since[0].summary}.{where}"


def _page(app: App, visit: Visit, worker: SendingWorker, posted: Posted, panel: str, done: _Done) -> Response[str]:
    """Without a script: on to the page, or the page with what was typed and why it was not saved."""
    number, form = done.state.edition.number, posted.one("formular")
    key = posted.one("artikel") if panel == "artikel" else ""
    if panel == "artikel" and not any(each.key == key for each in done.state.articles):
        panel, key = "vorrat", ""
    if done.problem and form in FORMS and FORMS[form] in ("", panel):
        status = 409 if done.conflict else 400
        again = typed_again(form, posted)
        return show_panel_page(
            app,
            visit,
            worker,
            number,
            panel,
            {"artikel": key},
            status=status,
            problem=done.problem,
            conflict=done.conflict,
            based_on=_known(posted),
            **again,
        )
    path = desk_path(number, panel) + (f"?{urlencode({'artikel': key})}" if key else "")
    if done.problem:
        return visit.go(path, done.problem, tone="wrong")
    return visit.go(path, f"{done.since[0].summary}." if done.since else "")
