"""Expressions read into trees, and what is wrong with one said at its place."""

from __future__ import annotations

import pytest

from subscribers.errors import SegmentError
from subscribers.segments.fields import Field, Kind
from subscribers.segments.grammar import LENGTH_MAX, parse_segment
from subscribers.segments.tree import AllOf, AnyOf, Compare, Condition, Contains, Equals, IsEmpty, Leaf, Not, leaves_of


def shape(condition: Condition) -> str:
    """A tree on one line, with all its brackets."""
    match condition:
        case AllOf(parts):
            return f"({' & '.join(map(shape, parts))})"
        case AnyOf(parts):
            return f"({' | '.join(map(shape, parts))})"
        case Not(part):
            return f"!{shape(part)}"
        case Equals(field, text):
            return f"{field.name}={text}"
        case Contains(field, text):
            return f"{field.name}~{text}"
        case Compare(field, order, value):
            return f"{field.name}{order}{value}"
        case IsEmpty(field):
            return f"{field.name}=0"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            'topic:krypto and (tag:vip or city = "Köln") and joined > 2026-01-01',
            "(topic=krypto & (tag=vip | city=Köln) & joined>2026-01-01)",
        ),
        ("tag:a or tag:b and tag:c", "(tag=a | (tag=b & tag=c))"),
        ("NOT tag:a AND tag:b", "(!tag=a & tag=b)"),
        ("not (tag:a and tag:b)", "!(tag=a & tag=b)"),
        ("((((tag:a))))", "tag=a"),
        ("Topics : Krypto", "topic=Krypto"),
        ("tag:'two words'", "tag=two words"),
        ("tag:„two words“", "tag=two words"),
        ("tag:“two words”", "tag=two words"),
        (r'tag:"a \"b\" \\ c"', r'tag=a "b" \ c'),
        ("tag:and", "tag=and"),
        ("tag:orange or tag:android", "(tag=orange | tag=android)"),
        ("city=Köln", "city=Köln"),
        ("city == x and city <> y", "(city=x & !city=y)"),
        ("tag in (a, 'b c', d)", "(tag=a | tag=b c | tag=d)"),
        ("tag not in (a)", "!tag=a"),
        ("email contains gmx and email not contains web", "(email~gmx & !email~web)"),
        ("city is empty or city is not empty", "(city=0 | !city=0)"),
        ('city = "" or first_name = ""', "(city=0 | first_name=0)"),
        ("joined >= 01.02.2026", "joined>=2026-02-01"),
        ("max_articles in (3, 5)", "(max_articles=3 | max_articles=5)"),
        ("alter >= -12.5", "alter>=-12.5"),
        ("kauf < 31.12.2025", "kauf<2025-12-31"),
        ("form = SIE", "form=Sie"),
        ('"Letzter Kauf" = x', "Letzter Kauf=x"),
        ("attribute:email = x", "email=x"),
        ("\ttag:a\n and\u2028tag:b ", "(tag=a & tag=b)"),
    ],
)
def test_trees(expression: str, expected: str) -> None:
    assert shape(parse_segment(expression)) == expected


def only_leaf(expression: str) -> Leaf:
    (leaf,) = leaves_of(parse_segment(expression))
    return leaf


def test_an_attribute_is_told_from_a_field() -> None:
    assert only_leaf("email = x").field == Field("email", Kind.TEXT, (0, 5))
    assert only_leaf("attribute:email = x").field == Field("email", Kind.ATTRIBUTE, (10, 15), certain=True)
    assert only_leaf("(City = x)").field == Field("City", Kind.ATTRIBUTE, (1, 5))


@pytest.mark.parametrize(
    ("expression", "problem", "place"),
    [
        ("", "no expression", ""),
        ("tag:vip)", "This `)` has no `(`", ")"),
        ("(tag:vip", "`)` is missing at the end", ""),
        ("tag:", "compare with is missing", ""),
        ("tag", "After a field comes", ""),
        ("tag:vip tag:b", "`and` or `or` is missing", "tag"),
        ("tag:vip und tag:b", "do you mean `and`?", "und"),
        ("tag:vip && tag:b", "do you mean `and`?", "&&"),
        ("tag:vip oder tag:b", "do you mean `or`?", "oder"),
        ("email like x", "do you mean `contains`?", "like"),
        ("city contians x", "do you mean `contains`?", "contians"),
        ("city is emtpy", "do you mean `empty`?", "emtpy"),
        ("city = New York", "stands in quotation marks", "York"),
        ("tag:vip and", "A condition is missing", ""),
        ("or tag:vip", "After a field comes", "tag"),
        ("()", "A condition is missing", ")"),
        ("tag in ()", "compare with is missing", ")"),
        ("tag in (a b)", "`,` or `)` is missing", "b"),
        ('city = "Köln', "quotation mark is not closed", '"Köln'),
        ("city = 'Köln", "quotation mark is not closed", "'Köln"),
        ('tag:""', "nothing between", '""'),
        ('"" = x', "A field has a name", '""'),
        ("topc:krypto", "do you mean `topic`?", "topc"),
        ("city:Köln", "no field that is asked with `:`", "city"),
        ("joined = heute", "This is no day", "heute"),
        ("joined = 2026-02-30", "This is no day", "2026-02-30"),
        ("joined = 9999-12-31", "This is no day", "9999-12-31"),
        ("joined contains 2026", "not asked with `contains`", "joined"),
        ("max_articles > viele", "This is no number", "viele"),
        ("max_articles > 1234567890123456", "This is no number", "1234567890123456"),
        ("salutation = Fräulein", "one of Frau, Herr, divers", "Fräulein"),
        ("form = per-du", "one of Sie, du", "per-du"),
        ("plz > abc", "compared with a number", "abc"),
        ("list is empty", "not asked with `is empty`", "list"),
        ("tag:a and tag < b", "not asked with `<`", "tag"),
        ("not " * 12 + "tag:a", "deep at most", "tag"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(expression: str, problem: str, place: str) -> None:
    with pytest.raises(SegmentError) as refused:
        parse_segment(expression)
    sentence, shown, carets = str(refused.value).splitlines()
    assert problem in sentence
    assert sentence.endswith((".", "?"))
    at = carets.index("^")
    assert carets.strip() == "^" * max(1, len(carets) - at)
    if place:
        assert shown[at : at + len(place)] == place
    else:
        assert not shown[at:].strip()
    assert refused.value.exit_code == 2


def test_of_a_long_expression_the_place_is_shown() -> None:
    with pytest.raises(SegmentError) as refused:
        parse_segment("tag:a and " * 100 + "joined = nie and " + "tag:b and " * 100 + "tag:c")
    _, shown, carets = str(refused.value).splitlines()
    assert len(shown) < 120
    assert shown[carets.index("^") :].startswith("nie ")
    with pytest.raises(SegmentError, match=f"{LENGTH_MAX} characters at most; this one has 100000"):
        parse_segment("x" * 100_000)
