"""The pages of readers: one file per page."""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler

from digest.web.public import (
    account,
    account_link,
    address,
    archive,
    browser_view,
    confirmation,
    erasure,
    landing,
    leaving,
    pictures,
    preferences,
    robots,
    sign_up,
    undoing,
)

_PAGES: list[ControllerRouterHandler] = [
    landing.show_landing,
    sign_up.show_sign_up,
    sign_up.sign_up,
    confirmation.show_confirmation,
    confirmation.confirm,
    preferences.show_preferences,
    preferences.change_preferences,
    preferences.send_own_link,
    leaving.show_leaving,
    leaving.leave,
    undoing.show_undoing,
    undoing.undo_leaving,
    account_link.show_account_link,
    account_link.send_account_link,
    account.show_account,
    account.change_account,
    account.change_address,
    account.export_account,
    address.show_address,
    address.confirm_address,
    erasure.show_erasure,
    erasure.forget,
    browser_view.show_own_message,
    archive.show_archive,
    archive.show_archive_feed,
    archive.show_archived_edition,
    pictures.show_picture,
    robots.show_robots,
]


def make_router() -> Router:
    """Every public page, under /."""
    return Router("/", route_handlers=_PAGES)
