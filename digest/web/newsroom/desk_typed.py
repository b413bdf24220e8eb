"""Forms of the desk with what somebody typed: shown again, as it was sent, where it could not be saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from digest.web.newsroom.desk_forms import WORDS
from digest.web.posted import Posted

#: Form -> the panel that it stands in; the subject stands above the articles.
FORMS = {
    "betreff": "",
    "artikel": "artikel",
    "adresse": "neu",
    "schreiben": "neu",
    "brief": "beiwerk",
    "termine": "beiwerk",
    "liste": "beiwerk",
    "anzeigen": "beiwerk",
}
_OF_NEW = (*WORDS, "url", "author", "topics", "rubrik")


def typed_again(form: str, posted: Posted) -> dict[str, Any]:
    """The values that the form's template is filled with."""
    return {"typed_in": form, **_AGAIN[form](posted)}


def _fields(*names: str) -> Callable[[Posted], dict[str, str]]:
    return lambda posted: {name: posted.one(name) for name in names}


def _rows(posted: Posted, *names: str) -> list[dict[str, str]]:
    columns = [posted.every(name) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]


_AGAIN: dict[str, Callable[[Posted], dict[str, Any]]] = {
    "betreff": lambda posted: {"typed_subject": posted.one("subject")},
    "artikel": lambda posted: {"typed": _fields(*WORDS, "rubrik")(posted)},
    "adresse": lambda posted: {"typed": _fields("url")(posted)},
    "schreiben": lambda posted: {"typed": _fields(*_OF_NEW)(posted)},
    "brief": lambda posted: {"letter": _fields("text", "name", "role", "portrait")(posted)},
    "termine": lambda posted: {
        "dates": {"heading": posted.one("heading"), "rows": _rows(posted, "when", "what", "url")}
    },
    "liste": lambda posted: {"numbered": _fields("heading", "entries")(posted)},
    "anzeigen": lambda posted: {
        "advertisements": _rows(posted, "title", "advertiser", "text", "url", "first_day", "last_day")
    },
}
