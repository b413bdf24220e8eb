"""A test of an edition to colleagues: only to addresses of the signed-in account's own domain."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar import Request, Response, post

from digest.app import App
from digest.errors import DigestError, EditRefusedError
from digest.model.delivery import DeliveryState
from digest.storage.edition_changes import record_edition_change
from digest.tasks.send_test import TrialReport
from digest.web.newsroom.desk import show_panel_page
from digest.web.newsroom.desk_panels import fill_panel
from digest.web.newsroom.desk_view import desk_path, head_values, state_of
from digest.web.newsroom.layout import TheVisit, Visit
from digest.web.newsroom.parts import Number, TheWorker
from digest.web.newsroom.wording import word
from digest.web.parts import TheApp, ThePosted
from subscribers.addresses import parse_address
from subscribers.errors import AddressError, SubscribersError

_MOST = 10
_PANEL = "test"
_Request = Request[Any, Any, Any]


class Tried(NamedTuple):
    """What became of one test, in words."""

    address: str
    good: bool
    said: str


@post("/ausgaben/{number:int}/tisch/testversand", status_code=200, sync_to_thread=True)
def send_test_message(
    request: _Request, app: TheApp, visit: TheVisit, worker: TheWorker, posted: ThePosted, number: Number
) -> Response[str]:
    """Takes `addresses`, one in a line. The result is shown, and nothing of it is in the edition's ledger."""
    state = state_of(app, number)
    typed = {"addresses": posted.one("addresses")}
    try:
        results = _send(app, visit, number, read_addresses(typed["addresses"], visit.editor.email))
        problem = ""
    except (DigestError, SubscribersError) as wrong:
        results, problem = [], str(wrong)
    told = {"typed": typed, "typed_in": _PANEL, "problem": problem} | ({"results": results} if results else {})
    if request.headers.get("hx-request"):
        values = head_values(app, visit, worker, state, _PANEL) | fill_panel(app, visit, state, _PANEL, {})
        return visit.fragment("desk-panel.html", **(values | told | {"conflict": None}))
    if problem:
        return show_panel_page(app, visit, worker, number, _PANEL, {}, status=400, **told)
    failed = [each for each in results if not each.good]
    said = " ".join(f"{each.address}: {each.said}" for each in results)
    return visit.go(desk_path(number, _PANEL), said, tone="wrong" if failed else "done")


def read_addresses(text: str, own: str) -> list[str]:
    """The addresses in `text`, each once. Raises EditRefusedError for one that is not of the domain of `own`."""
    domain = parse_address(own).domain
    found: dict[str, None] = {}
    for line in text.replace(",", "\n").replace(";", "\n").split():
        try:
            address = parse_address(line)
        except AddressError:
            raise EditRefusedError(f"„{line[:100]}“ ist keine E-Mail-Adresse.") from None
        if address.domain != domain:
            raise EditRefusedError(f"Tests gehen nur an Adressen bei @{domain}, nicht an {address.email}.")
        found[address.email] = None
    if not found:
        raise EditRefusedError("Geben Sie eine Adresse an.")
    if len(found) > _MOST:
        raise EditRefusedError(f"Ein Test geht an höchstens {_MOST} Adressen.")
    return list(found)


def _send(app: App, visit: Visit, number: int, addresses: list[str]) -> list[Tried]:
    reports = app.send_test(number, addresses)
    with app.database.write() as connection:
        record_edition_change(connection, number, "test", who=visit.editor.who, at=app.clock())
    return [_told(report) for report in reports]


def _told(report: TrialReport) -> Tried:
    outcome = report.outcome
    good = outcome.state is DeliveryState.SUBMITTED
    said = "an den Mailserver übergeben" if good else f"{word(outcome.state)}: {outcome.reply or word(outcome.reason)}"
    return Tried(report.address, good, said)
