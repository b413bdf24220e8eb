"""The web application: its parts put together."""

from __future__ import annotations

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException

from digest.app import App
from digest.tasks.sending_worker import SendingWorker
from digest.web import api, newsroom, operations, public
from digest.web.assets import Assets, show_asset
from digest.web.doorway import Doorway
from digest.web.faults import show_fault
from digest.web.health import show_health
from digest.web.newsroom.wording import make_filters
from digest.web.pages import Pages, web_folders
from digest.web.posted import read_posted

#: No form of ours is longer; a room that takes more says so.
_MOST_OCTETS = 64 * 1024
_MOST_PARTS = 200


def make_web_app(app: App) -> Litestar:
    """Public pages, API and newsroom of one product. Raises TemplateError for a web template that is not valid."""
    settings = app.settings
    folders = web_folders(settings.templates.path)
    assets = Assets(folders, settings.newsletters)
    pages = Pages(settings.site, settings.newsletters, folders, assets, make_filters(settings.site.zone, app.clock))
    worker = SendingWorker(app.sender, app.prices)
    made = Litestar(
        [
            public.make_router(),
            newsroom.make_router(app, worker),
            api.make_router(app),
            operations.make_router(app),
            show_asset,
            show_health,
        ],
        dependencies={
            "app": Provide(lambda: app, sync_to_thread=False),
            "pages": Provide(lambda: pages, sync_to_thread=False),
            "posted": Provide(read_posted),
        },
        exception_handlers={HTTPException: show_fault, Exception: show_fault},
        state=State({"pages": pages, "assets": assets}),
        request_max_body_size=_MOST_OCTETS,
        multipart_form_part_limit=_MOST_PARTS,
        on_shutdown=[worker.stop],
        openapi_config=None,
        logging_config=None,
    )
    made.asgi_handler = Doorway(made.asgi_handler, settings.site, settings.web)
    return made
