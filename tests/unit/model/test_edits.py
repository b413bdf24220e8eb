"""What each edit makes of the extras, and what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.arrangement import arrange
from digest.errors import EditRefusedError
from digest.model.arrangement import Override
from digest.model.article import Article
from digest.model.edit_rules import Standing, StandingArticle, apply_edit
from digest.model.edits import (
    AddArticle,
    DropArticle,
    Edit,
    MoveArticle,
    PinArticle,
    PlaceArticle,
    ResetArticle,
    RewriteArticle,
    SetAdvertisements,
    SetDates,
    SetLetter,
    SetNumbered,
    SetSubject,
    WriteArticle,
)
from digest.model.extras import Advertisement, Appointment, EditorLetter, Extras, NumberedList

HAND = Article(title="Von Hand", source="Redaktion")


def standing(keys: str, pinned: str = "", sections: tuple[str, ...] = ("Kultur",)) -> Standing:
    articles = tuple(
        StandingArticle(
            key=key, title=key.upper(), pinned=key in pinned, names=(key, f"https://{key}"), origin=f"h{key}"
        )
        for key in keys
    )
    return Standing(articles=articles, sections=sections)


def shown(extras: Extras, before: str) -> str:
    """The articles that the edition has with `extras`, where a rule had chosen `before`."""
    keys, _ = arrange(before, extras.arranged, extras.pinned)
    return "".join(keys)


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (DropArticle(article="b"), "acd"),
        (MoveArticle(article="d", before="a"), "dabc"),
        (MoveArticle(article="a", after="c"), "bcad"),
        (MoveArticle(article="a"), "bcda"),
        (MoveArticle(article="b", before="b"), "abcd"),
        (AddArticle(article="x"), "abcdx"),
        (AddArticle(article="x", before="b"), "axbcd"),
        (PinArticle(article="c"), "cabd"),
        (WriteArticle(content=HAND, article="h", before="c", pinned=False), "abhcd"),
        (WriteArticle(content=HAND, article="h"), "habcd"),
    ],
)
def test_which_articles_and_in_which_order(edit: Edit, after: str) -> None:
    assert shown(apply_edit(Extras(), edit, standing("abcd")), "abcd") == after


def test_what_was_dropped_comes_back_when_it_is_added_again() -> None:
    dropped = apply_edit(Extras(), DropArticle(article="b"), standing("abc"))
    added = apply_edit(dropped, AddArticle(article="b"), standing("ac"))
    assert added.arranged.dropped == ()
    assert shown(added, "abc") == "acb"


def test_a_pin_goes_with_the_article_and_is_taken_out_whatever_it_was_named_by() -> None:
    by_address = Extras(pinned=("https://a", "https://b"))
    assert apply_edit(by_address, PinArticle(article="a", pinned=False), standing("ab", "ab")).pinned == ("https://b",)
    assert apply_edit(by_address, DropArticle(article="b"), standing("ab", "ab")).pinned == ("https://a",)


def test_words_are_kept_beside_the_original_and_can_be_reset_one_by_one() -> None:
    edited = apply_edit(
        Extras(), RewriteArticle(article="a", wording=Override(title="Neu", kicker="Auch")), standing("a")
    )
    assert edited.arranged.overrides["a"] == Override(title="Neu", kicker="Auch", basis="ha")
    again = apply_edit(edited, RewriteArticle(article="a", wording=Override(title="Neuer")), standing("a"))
    assert again.arranged.overrides["a"].fields == ("kicker", "title")
    one = apply_edit(again, ResetArticle(article="a", fields=("kicker",)), standing("a"))
    assert one.arranged.overrides["a"].fields == ("title",)
    assert apply_edit(one, ResetArticle(article="a"), standing("a")).arranged.overrides == {}


def test_a_section_and_back_to_the_topics() -> None:
    placed = apply_edit(Extras(), PlaceArticle(article="a", section="Kultur"), standing("a"))
    assert placed.arranged.overrides["a"].section == "Kultur"
    assert apply_edit(placed, PlaceArticle(article="a"), standing("a")).arranged.overrides == {}


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (DropArticle(article="x"), "steht nicht mehr in der Ausgabe"),
        (MoveArticle(article="a", before="x"), "steht nicht mehr in der Ausgabe"),
        (AddArticle(article="a"), "steht schon in der Ausgabe"),
        (AddArticle(article="x", before="y"), "steht nicht mehr in der Ausgabe"),
        (MoveArticle(article="b", before="p"), "„B“ ist nicht angeheftet"),
        (MoveArticle(article="p"), "„P“ ist angeheftet"),
        (PlaceArticle(article="a", section="Sport"), "ohne die Rubrik „Sport“"),
        (RewriteArticle(article="a", wording=Override(title="  ")), "braucht einen Titel"),
        (RewriteArticle(article="a", wording=Override(section="Kultur")), "nicht mit dem Text"),
        (ResetArticle(article="a", fields=("basis",)), "„basis“ gibt es nicht"),
        (WriteArticle(content=Article(title=" ", source="R"), article="h"), "braucht einen Titel"),
        (WriteArticle(content=HAND, article="a"), "steht schon"),
        (SetLetter(letter=EditorLetter(text=(" ",), name="E")), "braucht einen Text"),
        (SetDates(dates=(Appointment(when="", what="X"),)), "eine Zeit und eine Sache"),
        (SetDates(dates=(Appointment(when="8", what="X"),), heading=" "), "brauchen eine Überschrift"),
        (SetNumbered(numbered=NumberedList(heading="H", entries=())), "Überschrift und Einträge"),
        (SetAdvertisements(advertisements=(Advertisement(title="X", advertiser=""),)), "dessen, der sie aufgibt"),
    ],
)
def test_what_cannot_be_done_is_said_in_german(edit: Edit, sentence: str) -> None:
    with pytest.raises(EditRefusedError, match=sentence):
        apply_edit(Extras(), edit, standing("pab", "p"))


def test_sixty_articles_are_enough() -> None:
    full = Standing(articles=tuple(StandingArticle(key=str(n), title="") for n in range(60)))
    with pytest.raises(EditRefusedError, match="höchstens 60 Artikel"):
        apply_edit(Extras(), AddArticle(article="x"), full)
    pins = Standing(articles=tuple(StandingArticle(key=str(n), title="", pinned=n < 30) for n in range(40)))
    with pytest.raises(EditRefusedError, match="Mehr als 30"):
        apply_edit(Extras(), PinArticle(article="35"), pins)


@pytest.mark.parametrize(
    ("one", "other", "along"),
    [
        (DropArticle(article="a"), PinArticle(article="b"), True),
        (DropArticle(article="a"), RewriteArticle(article="a", wording=Override(lead="x")), False),
        (MoveArticle(article="a", before="b"), DropArticle(article="b"), False),
        (MoveArticle(article="a", before="b"), MoveArticle(article="c", after="d"), True),
        (SetSubject(subject="x"), SetSubject(subject="y"), False),
        (SetSubject(subject="x"), SetLetter(letter=None), True),
        (WriteArticle(content=HAND), WriteArticle(content=HAND), False),
    ],
)
def test_which_edits_get_along(one: Edit, other: Edit, along: bool) -> None:
    assert one.touches.isdisjoint(other.touches) is along


def test_an_edit_is_read_as_it_was_written() -> None:
    edit = RewriteArticle(article="a", wording=Override(title="Neu"))
    assert msgspec.json.decode(msgspec.json.encode(edit), type=Edit) == edit
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"edit": "drop", "article": "a", "more": 1}', type=Edit)


keys = st.sampled_from("abcdefgh")
edits: st.SearchStrategy[Any] = st.one_of(
    st.builds(DropArticle, article=keys),
    st.builds(AddArticle, article=keys, before=st.one_of(st.just(""), keys)),
    st.builds(MoveArticle, article=keys, before=st.one_of(st.just(""), keys), after=st.just("")),
    st.builds(MoveArticle, article=keys, after=keys),
    st.builds(PinArticle, article=keys, pinned=st.booleans()),
)


@given(st.lists(edits, max_size=25))
def test_an_edit_changes_what_it_says_and_nothing_else(done: list[Any]) -> None:
    extras = Extras()
    order, pins = arrange("abcde", extras.arranged, extras.pinned)
    for edit in done:
        now = standing("".join(order), "".join(order[:pins]))
        try:
            extras = apply_edit(extras, edit, now)
        except EditRefusedError:
            continue
        after, pins = arrange("abcde", extras.arranged, extras.pinned)
        assert len(set(after)) == len(after)
        rest = [key for key in order if key != edit.article]
        assert [key for key in after if key != edit.article] == rest
        assert (edit.article in after) is not isinstance(edit, DropArticle)
        if isinstance(edit, PinArticle):
            assert (edit.article in after[:pins]) is edit.pinned
        order = after
