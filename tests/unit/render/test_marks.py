from __future__ import annotations

import pytest
from jinja2 import TemplateRuntimeError

from digest.errors import TemplateError
from digest.render.environment import make_environment, render
from digest.render.marks import Marks, SlotNames
from digest.render.shell import Group, Part, Slot, Text


def cut(template: str, part: str = "html") -> Part:
    marks = Marks("xnonce")
    name = "look/edition.mjml.j2" if part == "html" else "look/edition.txt.j2"
    written = render(
        make_environment({name: template}), name, {"slot": SlotNames(marks), "_marks": marks, "_part": part}
    )
    return marks.cut(written.replace("<mj-raw>", "").replace("</mj-raw>", ""), str.encode)


def test_a_part_is_text_slots_and_groups_in_order() -> None:
    part = cut('a{{ slot.greeting }}b{% fence "card", 7 %}c{{ slot.number }}{% endfence %}d')
    assert part.pieces == (Text(b"a"), Slot("greeting"), Text(b"b"), Group("card", ("card:7",)), Text(b"d"))
    assert part.blocks == {"card:7": (Text(b"c"), Slot("number"))}


def test_neighbours_form_one_group_and_the_space_between_them_goes() -> None:
    part = cut('{% fence "card", 1 %}a{% endfence %}\n \n{% fence "card", 2 %}b{% endfence %}\n')
    assert part.pieces == (Group("card", ("card:1", "card:2")), Text(b""))


def test_blocks_nest() -> None:
    part = cut(
        '{% fence "market" %}<table>{% fence "coin", "BTC:up", within="table" %}x{% endfence %}</table>{% endfence %}'
    )
    assert part.pieces[0] == Group("market", ("market:0",))
    assert part.blocks["market:0"] == (Text(b"<table>"), Group("coin", ("coin:BTC:up",)), Text(b"</table>"))


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ('{% fence "a", 1 %}x{% endfence %}{% fence "a", 1 %}y{% endfence %}', "the block a:1 stands in"),
        ('{% fence "a", 1 %}x{% endfence %} and {% fence "a", 2 %}y{% endfence %}', "must stand together"),
    ],
)
def test_a_misused_fence_is_refused(template: str, problem: str) -> None:
    with pytest.raises(TemplateRuntimeError, match=problem):
        cut(template)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{open0} x", "the block a:1 is not closed"),
        ("x {close0}", "the block a:1 is not closed where it was opened"),
        ("{open0}{open1}{close0}{close1}", "the block a:1 is not closed where it was opened"),
    ],
)
def test_marks_that_a_compiler_moved_are_noticed(written: str, problem: str) -> None:
    marks = Marks("xnonce")
    places = {}
    for number, group in enumerate("ab"):
        opening, closing = marks.fence(group, 1, "|", comment="<!--{}-->").split("|")
        places |= {f"open{number}": opening, f"close{number}": closing}
    with pytest.raises(TemplateRuntimeError, match=problem.replace(".", r"\.")):
        marks.cut(written.format(**places))


def test_comments_and_marks_of_others_are_text() -> None:
    foreign = "<!-- note --><!--xotherc0e--> xothers0e xnonces xnoncez0e xnonceo1"
    assert cut(foreign).pieces == (Text(foreign.encode()),)


def test_marks_look_alike_only_with_the_nonce() -> None:
    marks = Marks("xab12")
    slot = marks.slot("greeting")
    assert Marks("xcd34").cut(f"{slot}", str.encode).pieces == (Text(str(slot).encode()),)


@pytest.mark.parametrize(
    ("template", "problem", "line"),
    [
        ("a\n\n{{ slot.password }}", "there is no slot 'password'", 3),
        ("a\n{{ slot.__class__ }}", "", 2),
        ('a\n{% fence "x", 1, within="head" %}{% endfence %}', "a fence stands within", 2),
        ('{% fence "x" %}', "Unexpected end of template", 1),
        ("{% fence %}{% endfence %}", "", 1),
        ("{% endfence %}", "unknown tag 'endfence'", 1),
    ],
)
def test_mistakes_name_their_line(template: str, problem: str, line: int) -> None:
    with pytest.raises(TemplateError) as caught:
        cut(template)
    assert (caught.value.file, caught.value.line) == ("look/edition.mjml.j2", line)
    assert problem in caught.value.problem


def test_in_text_a_mark_is_one_word_without_a_comment() -> None:
    part = cut('a{% fence "card", 1 %}\nb\n{% endfence %}\nc', part="text")
    assert part.pieces == (Text(b"a"), Group("card", ("card:1",)), Text(b"c"))
    assert part.blocks["card:1"] == (Text(b"b\n"),)
