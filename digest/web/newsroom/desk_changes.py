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

from digest import german
from digest.app import App
from digest.errors import ConflictError, DigestError, EditRefusedError, NotFoundError, StepError, TemplateError
from digest.model.desk import DeskState
from digest.tasks.sending_worker import SendingWorker
from digest.web.newsroom.desk import show_panel_page, state_of
from digest.web.newsroom.desk_forms import find_article, read_edits
from digest.web.newsroom.desk_panels import PANELS, originals_of
from digest.web.newsroom.desk_view import desk_path, head_values, of_others, triggers
from digest.web.newsroom.layout import TheVisit, Visit
from digest.web.newsroom.parts import Number, TheWorker
from digest.web.parts import TheApp, ThePosted
from digest.web.posted import Posted

_Request = Request[Any, Any, Any]
_BACK = ("rueckgaengig", "wiederholen")
#: Panels whose fields are an editor's own words, which no answer may lose.
_TYPED = ("artikel", "neu", "beiwerk")


class _Done(NamedTuple):
    """How the edition stands after what somebody tried; `problem` is why nothing was done."""

    state: DeskState
    problem: str = ""
    conflict: ConflictError | None = None
    changed: bool = True


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
    """Takes `tun` (what to do), `stand` (the revision that it is based on), and the fields of the form."""
    if panel not in PANELS:
        raise NotFoundError("panel", panel, "on the desk")
    before = state_of(app, number)
    done = _try(app, visit, posted, before)
    if request.headers.get("hx-request"):
        return _parts(app, visit, worker, posted, panel, before, done)
    return _page(app, visit, worker, posted, panel, done)


def _try(app: App, visit: Visit, posted: Posted, before: DeskState) -> _Done:
    try:
        after = _make(app, visit, posted, before)
    except ConflictError as conflict:
        return _Done(state_of(app, before.edition.number), str(conflict), conflict, changed=False)
    except (EditRefusedError, StepError) as refused:
        return _Done(state_of(app, before.edition.number), str(refused), changed=False)
    except TemplateError as problem:
        sentence = f"Mit dieser Änderung lässt sich die Ausgabe nicht setzen: {problem}"
        return _Done(state_of(app, before.edition.number), sentence, changed=False)
    return _Done(after, changed=after.revision != before.revision)


def _make(app: App, visit: Visit, posted: Posted, state: DeskState) -> DeskState:
    desk, number, who = app.edition_desk, state.edition.number, visit.editor.who
    verb = posted.one("tun").partition(" ")[0]
    based_on = _based_on(app, visit, posted, state)
    if verb in _BACK:
        step = desk.undo if verb == "rueckgaengig" else desk.redo
        return step(number, who=who, based_on=based_on)
    if verb == "adresse":
        return desk.add_from_url(
            number, posted.one("url"), who=who, based_on=based_on, pinned="anheften" in posted
        )
    for edit in read_edits(posted, state):
        state = desk.edit(number, edit, who=who, based_on=based_on)
        based_on = state.revision
    return state


def _based_on(app: App, visit: Visit, posted: Posted, state: DeskState) -> int:
    """The revision that the editor knows: that of the form, or a later one where only they have made any since."""
    said = posted.one("durchsetzen") or posted.one("stand")
    known = int(said) if said.isdecimal() and len(said) < 10 else 0
    others = of_others(app.edition_desk.history(state.edition.number), known, visit.editor.who)
    return known if others else max(known, state.revision)


def _parts(
    app: App, visit: Visit, worker: SendingWorker, posted: Posted, panel: str, before: DeskState, done: _Done
) -> Response[str]:
    """For a script: what the change renews. A form that somebody types in is not among it."""
    if not done.changed and not done.problem:
        return Response("", status_code=204)
    state = done.state
    verb, _, key = posted.one("tun").partition(" ")
    key = key or posted.one("artikel")
    in_form = panel in _TYPED and verb not in _BACK and bool(posted.one("feld-form"))
    events: dict[str, Any] = {}
    if done.changed:
        events = {"vorschau": {"artikel": key}, "feld-neu": {}}
        if verb in _BACK or verb.startswith("zuruecksetzen"):
            events["feld-zurueck"] = {}
        if verb in ("schreiben", "adresse") or (in_form and not posted.one("leise") and panel == "beiwerk"):
            events["feld-leer"] = {}
    article = next((each for each in state.articles if each.key == key), None)
    return visit.fragment(
        "desk-changed.html",
        headers=triggers(events),
        **head_values(app, visit, worker, state, panel),
        announced=_announced(app, state, key) if done.changed else "",
        others=of_others(app.edition_desk.history(state.edition.number), before.revision, visit.editor.who),
        problem=done.problem,
        conflict=done.conflict,
        in_form=in_form,
        edited=article if panel == "artikel" else None,
        originals=originals_of(article) if article and panel == "artikel" else [],
    )


def _announced(app: App, state: DeskState, key: str) -> str:
    """What has been done, for those who cannot see it."""
    last = app.edition_desk.history(state.edition.number)[0]
    place = next((each.number + 1 for each in state.articles if each.key == key), None)
    where = f" Platz {place} von {len(state.articles)}." if place else ""
    return f"{last.summary}.{where}"


def _page(
    app: App, visit: Visit, worker: SendingWorker, posted: Posted, panel: str, done: _Done
) -> Response[str]:
    """Without a script: on to the page, or the page with what was typed and why it was not saved."""
    number = done.state.edition.number
    key = posted.one("artikel") if panel == "artikel" else ""
    there = not key or any(each.key == key for each in done.state.articles)
    if done.problem and panel in _TYPED and posted.one("feld-form") and there:
        typed = {name: posted.one(name) for name in posted.names}
        more = {"typed": typed, "problem": done.problem, "conflict": done.conflict}
        status = 409 if done.conflict else 400
        return show_panel_page(app, visit, worker, number, panel, {"artikel": key}, status=status, **more)
    path = desk_path(number, panel if there else "vorrat")
    if key and there:
        path += f"?{urlencode({'artikel': key})}"
    if done.problem:
        return visit.go(path, done.problem, tone="wrong")
    said = app.edition_desk.history(number)[0].summary + "." if done.changed else ""
    return visit.go(path, said)
