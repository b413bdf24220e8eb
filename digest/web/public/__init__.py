"""The pages of readers: one file per page."""

from __future__ import annotations

from litestar import Router

from digest.web.public.landing import show_landing
from digest.web.public.robots import show_robots


def make_router() -> Router:
    """Every public page, under /."""
    return Router("/", route_handlers=[show_landing, show_robots])
