"""For machines that watch over the server: /readyz and /metrics."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from digest.app import App
from digest.web.operations.metrics import make_registry, show_metrics
from digest.web.operations.ready import Readiness, show_ready


def make_router(app: App) -> Router:
    """The pages of one product, with what they remember."""
    readiness, registry = Readiness(app), make_registry(app)
    return Router(
        "/",
        route_handlers=[show_ready, show_metrics],
        dependencies={
            "readiness": Provide(lambda: readiness, sync_to_thread=False),
            "registry": Provide(lambda: registry, sync_to_thread=False),
        },
    )
