"""The panels of the edition desk, one at a time beside the edition: pool, article, extras, check, test, history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import asdict

from digest.app import App
from digest.errors import NotFoundError
from digest.model.desk import DeskArticle, DeskState, Revision
from digest.model.extras import Advertisement, Appointment
from digest.storage.edition_changes import changes_of_editions
from digest.tasks.describe_edits import FIELDS, word_diff
from digest.web.newsroom.desk_check import check_values
from digest.web.newsroom.desk_forms import SPARE, chosen_section, find_article, shown_words
from digest.web.newsroom.layout import Visit
from subscribers.model import AuditEntry

#: What the audit trail calls an edit, which the history tells better.
_EDITED = "edition edited"
Asked = Mapping[str, str]
Values = dict[str, Any]


class Panel(NamedTuple):
    """`label` is the tab's; one without stands behind a link elsewhere. `values` fill the template."""

    label: str
    template: str
    values: Callable[[App, Visit, DeskState, Asked], Values]


def fill_panel(app: App, visit: Visit, state: DeskState, name: str, asked: Asked) -> Values:
    """What the panel's template needs. Raises NotFoundError for a panel or an article that is not there."""
    if name not in PANELS:
        raise NotFoundError("panel", name, "on the desk")
    panel = PANELS[name]
    return {"panels": PANELS, "panel_template": panel.template, **panel.values(app, visit, state, asked)}


def _pool(app: App, _visit: Visit, state: DeskState, asked: Asked) -> Values:
    words, source, topic = (asked.get(name, "")[:200] for name in ("q", "quelle", "thema"))
    pool = app.edition_desk.pool(state.edition.number, words, source=source, topic=topic)
    return {"pool": pool, "wanted": words, "source": source, "topic": topic}


def _article(_app: App, _visit: Visit, state: DeskState, asked: Asked) -> Values:
    key = asked.get("artikel", "")
    if not any(each.key == key for each in state.articles):
        raise NotFoundError("article", key, f"in edition {state.edition.number}")
    article = find_article(state, key)
    return {"article": article, "section": chosen_section(article), "originals": originals_of(article)} | {
        "typed": shown_words(article.article)
    }


def originals_of(article: DeskArticle) -> list[tuple[str, str, str]]:
    """Of what an editor changed: field, what it is called, what the source has."""
    original = shown_words(article.original) | {"section": ""}
    return [(name, FIELDS[name], original[name]) for name in article.edited]


def _new(_app: App, _visit: Visit, _state: DeskState, _asked: Asked) -> Values:
    return {"typed": {}}


def _extras(_app: App, _visit: Visit, state: DeskState, _asked: Asked) -> Values:
    extras = state.extras
    letter = extras.letter
    return {
        "letter": {
            "text": "\n\n".join(letter.text) if letter else "",
            "name": letter.name if letter else "",
            "role": letter.role if letter else "",
            "portrait": letter.portrait if letter else "",
        },
        "dates": {
            "heading": extras.dates_heading,
            "rows": [*map(asdict, extras.dates), *[asdict(Appointment(when="", what=""))] * SPARE],
        },
        "numbered": {
            "heading": extras.numbered.heading if extras.numbered else "",
            "entries": "\n".join(extras.numbered.entries) if extras.numbered else "",
        },
        "advertisements": [*map(asdict, extras.advertisements), asdict(Advertisement(title="", advertiser=""))],
    }


def _history(app: App, _visit: Visit, state: DeskState, _asked: Asked) -> Values:
    number = state.edition.number
    with app.database.read() as connection:
        deeds = changes_of_editions(connection, [number])[number]
    steps: list[tuple[datetime, Revision | None, AuditEntry | None]]
    steps = [(each.at, each, None) for each in app.edition_desk.history(number) if each.number]
    steps += [(deed.at, None, deed) for deed in deeds if deed.what != _EDITED]
    return {"steps": sorted(steps, key=lambda step: step[0], reverse=True), "word_diff": word_diff}


def _trial(_app: App, visit: Visit, _state: DeskState, _asked: Asked) -> Values:
    return {"own_domain": visit.editor.email.rpartition("@")[2], "typed": {"addresses": visit.editor.email}}


PANELS = {
    "vorrat": Panel("Vorrat", "desk-pool.html", _pool),
    "neu": Panel("Neu", "desk-new.html", _new),
    "beiwerk": Panel("Beiwerk", "desk-extras.html", _extras),
    "pruefung": Panel("Prüfung", "desk-check.html", check_values),
    "test": Panel("Test", "desk-trial.html", _trial),
    "verlauf": Panel("Verlauf", "desk-history.html", _history),
    "artikel": Panel("", "desk-article.html", _article),
}
