"""/redaktion/ausgaben/<number>/tisch: the edition desk, where an edition is changed and looked at before it leaves."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from digest.app import App
from digest.tasks.sending_worker import SendingWorker
from digest.web.newsroom.desk_panels import PANELS, fill_panel
from digest.web.newsroom.desk_view import (
    DESK_POLICY,
    head_values,
    of_others,
    revisions_since,
    state_of,
    triggers,
    what_stands,
)
from digest.web.newsroom.layout import ASKED_BY_ITSELF, TheVisit, Visit
from digest.web.newsroom.parts import Number, TheWorker
from digest.web.parts import TheApp

_Request = Request[Any, Any, Any]
_FIRST = "vorrat"
#: What templates ask for, whether or not somebody has just sent a form.
_NOTHING_TYPED: dict[str, Any] = {"typed_in": "", "problem": "", "conflict": None, "based_on": 0}


@get("/ausgaben/{number:int}/tisch", sync_to_thread=True)
def show_desk(request: _Request, app: TheApp, visit: TheVisit, worker: TheWorker, number: Number) -> Response[str]:
    return show_panel_page(app, visit, worker, number, _FIRST, dict(request.query_params))


@get("/ausgaben/{number:int}/tisch/{panel:str}", sync_to_thread=True)
def show_panel(
    request: _Request, app: TheApp, visit: TheVisit, worker: TheWorker, number: Number, panel: FromPath[str]
) -> Response[str]:
    """The desk with another panel beside the edition; for a script the panel alone."""
    asked = {name: str(value) for name, value in request.query_params.items()}
    if panel in PANELS and request.headers.get("hx-request"):
        return panel_alone(app, visit, worker, number, panel, asked)
    return show_panel_page(app, visit, worker, number, panel, asked)


@get("/ausgaben/{number:int}/tisch/neues", opt=ASKED_BY_ITSELF, sync_to_thread=True)
def show_news(
    app: TheApp,
    visit: TheVisit,
    worker: TheWorker,
    number: Number,
    bekannt: FromQuery[str] = "",
    tafel: FromQuery[str] = _FIRST,
) -> Response[str]:
    """What others did since the page was made (`bekannt`): the renewed parts, or 204."""
    state = state_of(app, number)
    if what_stands(state) == bekannt:
        return Response("", status_code=204)
    since = bekannt.partition("-")[0]
    known = int(since) if since.isdecimal() and len(since) < 10 else 0
    others = of_others(revisions_since(app, number, known), visit.editor.who)
    values = head_values(app, visit, worker, state, tafel if tafel in PANELS else _FIRST)
    return visit.fragment(
        "desk-changed.html",
        headers=triggers({"vorschau": {"stand": state.revision}, "feld-neu": {}}),
        **values,
        announced="",
        others=others,
        in_form="",
        **_NOTHING_TYPED,
        originals=[],
        piece=None,
        subject_renewed=any("=subject" in each.touches or "*" in each.touches for each in others),
    )


def panel_alone(
    app: App, visit: Visit, worker: SendingWorker, number: int, panel: str, asked: dict[str, str]
) -> Response[str]:
    state = state_of(app, number)
    values = head_values(app, visit, worker, state, panel) | fill_panel(app, visit, state, panel, asked)
    return visit.fragment("desk-panel.html", **(_NOTHING_TYPED | values))


def show_panel_page(
    app: App,
    visit: Visit,
    worker: SendingWorker,
    number: int,
    panel: str,
    asked: dict[str, str],
    *,
    status: int = 200,
    **more: Any,
) -> Response[str]:
    """The whole desk; `more` are values that win over the panel's own, such as what somebody typed."""
    state = state_of(app, number)
    values = head_values(app, visit, worker, state, panel) | fill_panel(app, visit, state, panel, asked)
    values["health"] = app.edition_health(number)
    page = visit.page("desk.html", status=status, **(_NOTHING_TYPED | values | more))
    page.headers["content-security-policy"] = DESK_POLICY
    return page
