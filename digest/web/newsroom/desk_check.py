"""The check report beside the edition, and above it what its health gate says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get

from digest.app import App
from digest.errors import NotFoundError
from digest.model.desk import DeskState, Severity
from digest.web.newsroom.desk_view import desk_path, state_of
from digest.web.newsroom.layout import ASKED_BY_ITSELF, TheVisit, Visit
from digest.web.newsroom.parts import Number
from digest.web.parts import TheApp


def check_values(app: App, _visit: Visit, state: DeskState, asked: Mapping[str, str]) -> dict[str, Any]:
    """For the panel: every finding, the graver ones first; links are asked for only where `links` says so."""
    number, with_links = state.edition.number, asked.get("links") == "ja"
    try:
        found = [*app.desk_report(number, links=with_links), *app.edition_health(number)]
    except NotFoundError:
        found = app.edition_health(number)
    unique = {each.sentence: each for each in sorted(found, key=lambda each: list(Severity).index(each.severity))}
    there = {each.key for each in state.articles}
    return {"findings": list(unique.values()), "with_links": with_links, "there": there}


@get("/ausgaben/{number:int}/tisch/lage", opt=ASKED_BY_ITSELF, sync_to_thread=True)
def show_health(app: TheApp, visit: TheVisit, number: Number) -> Response[str]:
    """What is unusual about the edition, for the top of its desk."""
    state_of(app, number)
    return visit.fragment("desk-health.html", desk=desk_path(number), health=app.edition_health(number))
