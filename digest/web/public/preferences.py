"""/einstellungen: what a reader gets. The link may have been forwarded, so the page names nobody."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import UNSET, UnsetType

from digest.app import App
from digest.model.market import COIN_NAMES
from digest.model.newsletter import MOST_ARTICLES
from digest.model.reader import PreferenceChanges, Preferences
from digest.web.pages import Pages
from digest.web.parts import TheApp, ThePages, ThePosted
from digest.web.posted import Posted
from digest.web.public.origin import origin_of

_PATH = "/einstellungen"
#: Begins the name of the field with a coin's place ("coin-BTC").
_COIN = "coin-"


class _WrongFieldError(Exception):
    """A field holds what it cannot hold."""


@get(f"{_PATH}/{{token:str}}", sync_to_thread=True)
def show_preferences(app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    found = app.reader_requests().preferences(token)
    if found is None:
        raise NotFoundException()
    return _page(app, pages, token, found)


@post(f"{_PATH}/{{token:str}}", status_code=200, sync_to_thread=True)
def change_preferences(
    request: Request[Any, Any, Any], app: TheApp, pages: ThePages, posted: ThePosted, token: FromPath[str]
) -> Response[str]:
    """Each group of fields that the form names in `group` is set as a whole; an empty form changes nothing."""
    requests = app.reader_requests()
    found = requests.preferences(token)
    if found is None:
        raise NotFoundException()
    try:
        changes = _changes(app, found, posted)
    except _WrongFieldError as wrong:
        return _page(app, pages, token, found, wrong=str(wrong))
    changed = requests.change_preferences(token, changes, origin_of(request, app, _PATH))
    if changed is None:
        raise NotFoundException()
    return _page(app, pages, token, changed, note="saved")


@post(f"{_PATH}/{{token:str}}/zugang", status_code=200, sync_to_thread=True)
def send_own_link(request: Request[Any, Any, Any], app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    """Mails the reader a fresh link to their own data."""
    requests = app.reader_requests()
    found = requests.preferences(token)
    if found is None:
        raise NotFoundException()
    if requests.account(token) is None:  # who has a fresh link needs no other
        requests.send_account_link(token, origin_of(request, app, _PATH))
    return _page(app, pages, token, found, note="link")


def _page(app: App, pages: Pages, token: str, found: Preferences, *, note: str = "", wrong: str = "") -> Response[str]:
    form = found.form or app.settings.site.form
    coins = found.coins or found.known_coins
    own_link = app.reader_requests().account(token) is not None
    return pages.show(
        "preferences.html",
        form=form,
        status=400 if wrong else 200,
        token=token,
        preferences=found,
        own_link=own_link,
        topics=_joined(found.known_topics, found.topics),
        coins=_joined(found.known_coins, found.coins),
        chosen_form=form,
        coin_places={coin: place for place, coin in enumerate(coins, 1)},
        coin_names=COIN_NAMES,
        coin_field=_COIN,
        most_articles=MOST_ARTICLES,
        today=app.today(),
        note=note,
        wrong=wrong,
    )


def _joined(known: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    """What may be chosen: what the site knows, and what this person has already."""
    return tuple(dict.fromkeys((*known, *own)))


def _changes(app: App, found: Preferences, posted: Posted) -> PreferenceChanges:
    groups = set(posted.every("group"))
    return PreferenceChanges(
        form=_form(app, found, posted) if "form" in groups else UNSET,
        topics=tuple(posted.every("topics")) if "topics" in groups else UNSET,
        coins=_coins(found, posted) if "coins" in groups else UNSET,
        max_articles=_limit(posted) if "max_articles" in groups else UNSET,
        paused_until=_pause(app, posted) if "paused_until" in groups else UNSET,
        newsletters=tuple(posted.every("newsletters")) if "newsletters" in groups else UNSET,
    )


def _form(app: App, found: Preferences, posted: Posted) -> Any:
    """Who never chose, and leaves the site's form as it stands, goes on with the site."""
    form = posted.one("form")
    if form not in ("Sie", "du"):
        raise _WrongFieldError("form")
    return UNSET if not found.form and form == app.settings.site.form else form


def _coins(found: Preferences, posted: Posted) -> tuple[str, ...]:
    """The coins in the order of the places that were given to them; all of them in the site's order is no wish."""
    places = []
    for known, coin in enumerate(_joined(found.known_coins, found.coins)):
        place = posted.one(_COIN + coin)
        if not place:
            continue
        if not (place.isascii() and place.isdecimal() and len(place) <= 3):
            raise _WrongFieldError("coins")
        places.append((int(place), known, coin))
    chosen = tuple(coin for _, _, coin in sorted(places))
    return () if chosen == found.known_coins else chosen


def _limit(posted: Posted) -> int | None:
    text = posted.one("max_articles")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MOST_ARTICLES):
        raise _WrongFieldError("max_articles")
    return int(text)


def _pause(app: App, posted: Posted) -> date | UnsetType | None:
    """A day that is not ahead ends the pause."""
    text = posted.one("paused_until")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _WrongFieldError("paused_until") from None
    return day if day > app.today() else None
