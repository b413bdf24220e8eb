"""The newsroom, under /redaktion: one file per page. How a page is made stands in `layout`."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.types import ControllerRouterHandler

from digest.app import App
from digest.tasks.edition_figures import FiguresBook
from digest.tasks.sending_worker import SendingWorker
from digest.web.newsroom import (
    decisions,
    desk,
    desk_approval,
    desk_changes,
    desk_check,
    desk_frame,
    desk_new,
    desk_trial,
    editions,
    lists,
    preparing,
    progress,
    reader_changes,
    readers,
    settings,
    signing_in,
    sources,
    suppressions,
    today,
)
from digest.web.newsroom.faults import ask_to_sign_in, show_newsroom_fault
from digest.web.newsroom.guard import Guard, SignInNeededError
from digest.web.newsroom.layout import ROOT, current_editor, current_visit
from digest.web.newsroom.session import Connection

_PAGES: list[ControllerRouterHandler] = [
    today.show_today,
    today.look_again,
    preparing.prepare_now,
    editions.show_editions,
    editions.show_edition,
    progress.show_progress,
    decisions.ask,
    decisions.decide,
    desk.show_desk,
    desk.show_news,
    desk.show_panel,
    desk_approval.approve,
    desk_changes.change,
    desk_check.show_health,
    desk_frame.show_message,
    desk_frame.show_picture_of_message,
    desk_new.make_correction,
    desk_new.make_extra,
    desk_new.show_correction,
    desk_new.show_extra,
    desk_trial.send_test_message,
    readers.show_readers,
    readers.show_reader,
    reader_changes.show_new_reader,
    reader_changes.add_reader,
    reader_changes.change_reader,
    reader_changes.take_off_list,
    reader_changes.put_reader_on_list,
    reader_changes.suppress_reader,
    reader_changes.lift_suppression_of_reader,
    reader_changes.ask_to_forget,
    reader_changes.forget_reader,
    lists.show_lists,
    lists.create_list,
    lists.rename_list,
    lists.archive_list,
    suppressions.show_suppressions,
    suppressions.suppress,
    suppressions.lift,
    sources.show_sources,
    sources.try_source,
    settings.show_settings,
    signing_in.show_sign_in,
    signing_in.sign_in,
    signing_in.show_link,
    signing_in.use_link,
    signing_in.sign_out,
    signing_in.show_password,
    signing_in.change_password,
]


def make_router(app: App, worker: SendingWorker) -> Router:
    """Every page of the newsroom, behind its guard; `worker` sends what editors want to be sent at once."""
    guard, figures = Guard(app), FiguresBook()

    # A function, for a router copies what it is given, and a product is not to be copied.
    async def check(connection: Connection, handler: BaseRouteHandler) -> None:
        await guard.check(connection, handler)

    return Router(
        ROOT,
        route_handlers=_PAGES,
        guards=[check],
        dependencies={
            "visit": Provide(current_visit, sync_to_thread=False),
            "figures": Provide(lambda: figures, sync_to_thread=False),
            "worker": Provide(lambda: worker, sync_to_thread=False),
            "editor": Provide(current_editor, sync_to_thread=False),
        },
        exception_handlers={
            SignInNeededError: ask_to_sign_in,
            HTTPException: show_newsroom_fault,
            Exception: show_newsroom_fault,
        },
    )
