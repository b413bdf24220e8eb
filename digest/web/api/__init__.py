"""The REST interface under /api/v1, an application of its own: only keys open it, and it knows no cookies."""

from __future__ import annotations

from functools import cache

from litestar import Litestar, MediaType, Response, Router, asgi, get
from litestar.di import Provide
from litestar.types import Receive, Scope, Send

from digest.app import App
from digest.web.api.access import Access
from digest.web.api.description import describe
from digest.web.api.editions import Editions
from digest.web.api.events import Events
from digest.web.api.inbound import receive_webhook
from digest.web.api.lists import Lists
from digest.web.api.problems import show_problem
from digest.web.api.rates import Rates
from digest.web.api.strict import StrictRequest, refuse_options, refuse_unknown_parameters
from digest.web.api.subscribers import Subscribers
from digest.web.api.subscriptions import Subscriptions
from digest.web.api.suppressions import Suppressions

PATH = "/api/v1"
#: The longest body that is read.
MOST_OCTETS = 64 * 1024
_OPERATIONS = (Subscribers, Subscriptions, Lists, Suppressions, Editions, Events)


def make_router(app: App) -> Router:
    """All that programs talk to, to be mounted at the root of the site."""
    api = make_api(app)

    @asgi(PATH, is_mount=True, copy_scope=True)
    async def show_api(scope: Scope, receive: Receive, send: Send) -> None:
        await api(scope, receive, send)

    return Router("/", route_handlers=[show_api, receive_webhook], dependencies=_dependencies(app))


def make_api(app: App) -> Litestar:
    """The API alone, without the path that it hangs at."""
    dependencies = _dependencies(app)

    @cache
    def described() -> bytes:
        return describe(_OPERATIONS, dependencies, f"{app.settings.site.base_url}{PATH}")

    @get("/openapi.json", sync_to_thread=True)
    def show_description() -> Response[bytes]:
        return Response(described(), media_type=MediaType.JSON)

    return Litestar(
        [*_OPERATIONS, show_description],
        dependencies=dependencies,
        guards=[refuse_options, Access(app, Rates()).check, refuse_unknown_parameters],
        exception_handlers={Exception: show_problem},
        request_class=StrictRequest,
        request_max_body_size=MOST_OCTETS,
        openapi_config=None,
        logging_config=None,
    )


def _dependencies(app: App) -> dict[str, Provide]:
    return {"app": Provide(lambda: app, sync_to_thread=False)}
