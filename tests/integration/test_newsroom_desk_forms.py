"""What the desk's forms mean, whom a test may go to, and how a message is shown in its frame."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import EditRefusedError
from digest.model.article import Article
from digest.model.desk import DeskArticle, DeskState
from digest.model.edition import Edition, EditionKind, EditionState
from digest.model.edits import (
    AddArticle,
    MoveArticle,
    PlaceArticle,
    RewriteArticle,
    SetAdvertisements,
    SetDates,
    SetLetter,
    SetNumbered,
)
from digest.model.extras import Extras
from digest.web.newsroom.desk_forms import read_edits
from digest.web.newsroom.desk_frame import in_scheme, with_mark
from digest.web.newsroom.desk_trial import read_addresses
from digest.web.posted import Posted

TEXT = st.text(max_size=40)


def article(place: int, *, pinned: bool = False) -> DeskArticle:
    own = Article(title=f"Titel {place}", source="Politik", lead="Ein Vorspann.", url=f"https://probe.example/{place}")
    return DeskArticle(
        key=f"k{place}", number=place, article=own, original=own, pinned=pinned, written=False, section=""
    )


STATE = DeskState(
    edition=Edition(
        number=1,
        newsletter="morgen",
        kind=EditionKind.REGULAR,
        date=date(2026, 3, 6),
        at=datetime(2026, 3, 6, 5, tzinfo=UTC),
        state=EditionState.PREPARED,
    ),
    revision=3,
    articles=(article(0, pinned=True), *map(article, range(1, 4))),
    pinned=1,
    extras=Extras(),
    sections=("Politik", "Kultur"),
    can_undo=False,
    can_redo=False,
    closed="",
)


def read(**fields: str | list[str]) -> Any:
    posted = {name: [value] if isinstance(value, str) else value for name, value in fields.items()}
    return read_edits(Posted(posted), STATE)


@pytest.mark.parametrize(
    ("tun", "meant"),
    [
        ("hoch k2", MoveArticle(article="k2", before="k1")),
        ("runter k2", MoveArticle(article="k2", after="k3")),
        ("aufnehmen neu.example/ein artikel", AddArticle(article="neu.example/ein artikel")),
    ],
)
def test_a_button_says_what_and_which(tun: str, meant: object) -> None:
    assert list(read(tun=tun)) == [meant]


@pytest.mark.parametrize(
    ("tun", "said"),
    [
        ("hoch k1", "ganz oben."),  # not among the pinned ones
        ("hoch k0", "ganz oben unter den angehefteten Artikeln"),
        ("runter k3", "ganz unten."),
        ("hoch weg", "nicht mehr in der Ausgabe"),
        ("aufnehmen a\x00b", "nicht angekommen"),
        ("", "nicht angekommen"),
    ],
)
def test_what_makes_no_sense(tun: str, said: str) -> None:
    with pytest.raises(EditRefusedError, match=re.escape(said)):
        read(tun=tun)


def test_only_what_differs_is_rewritten() -> None:
    same = {"title": "Titel 1", "lead": "Ein Vorspann.", "kicker": "", "rubrik": ""}
    assert list(read(tun="bearbeiten", artikel="k1", **same)) == []
    [words, place] = read(tun="bearbeiten", artikel="k1", **(same | {"lead": "Neu\r\ngesagt", "rubrik": "Kultur"}))
    assert isinstance(words, RewriteArticle)
    assert (words.wording.fields, words.wording.lead) == (("lead",), "Neu gesagt")
    assert place == PlaceArticle(article="k1", section="Kultur")


def test_empty_forms_take_things_away() -> None:
    empty = {"text": " \n", "name": "", "role": "", "portrait": ""}
    assert list(read(tun="brief", **empty)) == [SetLetter(letter=None)]
    assert list(read(tun="termine", heading="Termine", when=[""], what=[" "], url=[""])) == [SetDates(dates=())]
    assert list(read(tun="liste", heading="", entries="\n")) == [SetNumbered(numbered=None)]
    row = dict.fromkeys(("title", "advertiser", "text", "url", "first_day", "last_day"), "")
    assert list(read(tun="anzeigen", **row)) == [SetAdvertisements(advertisements=())]


def test_paragraphs_are_divided_by_empty_lines() -> None:
    [edit] = read(tun="brief", text="Eins\r\nnoch eins\r\n \r\n\r\nZwei", name="Rita", role="", portrait="")
    assert edit.letter.text == ("Eins noch eins", "Zwei")


VERBS = ["bearbeiten", "schreiben", "brief", "termine", "liste", "anzeigen", "verschieben", "zuruecksetzen"]
FIELDS = ["artikel", "vor", "title", "lead", "when", "what", "url", "text", "name", "first_day", "feld"]


@given(
    st.sampled_from(VERBS),
    st.dictionaries(st.sampled_from(FIELDS), st.lists(TEXT, min_size=1, max_size=3)),
)
def test_nothing_that_is_sent_breaks_anything(tun: str, fields: dict[str, list[str]]) -> None:
    with suppress(EditRefusedError):
        read_edits(Posted(fields | {"tun": [tun]}), STATE)


def test_tests_go_to_the_own_domain() -> None:
    assert read_addresses("chef@probe.example;\nAnna@Probe.example, chef@probe.example", "anna@probe.example") == [
        "chef@probe.example",
        "Anna@probe.example",
    ]
    assert read_addresses("chef@xn--mller-kva.example", "anna@müller.example") == ["chef@xn--mller-kva.example"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "niemand",
        "a@fremd.example",
        "a@probe.example.fremd.example",
        "a@unter.probe.example",
        "<a@probe.example>",
        "a@probe.example\nb@fremd.example",
        " ".join(f"a{number}@probe.example" for number in range(11)),
    ],
)
def test_and_nowhere_else(text: str) -> None:
    with pytest.raises(EditRefusedError):
        read_addresses(text, "anna@probe.example")


PAGE = (
    '<html><head><meta name="color-scheme" content="light dark"><title>Titel</title><style>:root { color-scheme: light'
    " dark; } @media (prefers-color-scheme:dark) { p { color: red } } @media not (prefers-color-scheme: dark) { }"
    "</style></head><body><p>Titel · und mehr</p><h2><a href='#'>Titel</a></h2><p>(prefers-color-scheme: dark)</p>"
    "<h2> Zwei &amp; drei „Vier“\n</h2></body></html>"
)


def test_dark_and_light_are_forced_by_the_style_sheet_alone() -> None:
    dark, light = in_scheme(PAGE, dark=True), in_scheme(PAGE, dark=False)
    assert "@media (min-width: 0px) {" in dark
    assert "@media (max-width: 0px) {" in light
    assert "@media not (min-width: 0px)" in dark
    assert 'content="dark"' in dark
    assert "color-scheme: light; }" in light
    for shown in (dark, light):
        assert shown.endswith(PAGE[PAGE.index("<body>") :])


def test_the_mark_stands_where_the_title_stands_by_itself() -> None:
    assert re.search("<a href='#'><span id=\"stelle\"[^>]*></span>Titel</a>", with_mark(PAGE, "Titel"))
    assert re.search('<span id="stelle"[^>]*></span> Zwei &amp; drei', with_mark(PAGE, "Zwei & drei „Vier“"))
    assert with_mark(PAGE, "Gibt es nicht") == PAGE
