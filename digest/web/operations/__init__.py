"""For machines that watch over the server: /readyz and /metrics."""

from __future__ import annotations

from litestar import Router

from digest.app import App
from digest.web.operations.metrics import make_registry, show_metrics
from digest.web.operations.ready import Readiness, show_ready


def make_router(app: App) -> Router:
    """The pages of one product, with state of their own."""
    return Router(
        "/",
        route_handlers=[show_ready, show_metrics],
        opt={"readiness": Readiness(app), "registry": make_registry(app)},
    )
