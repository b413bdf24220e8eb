"""An expression as text -> its tree: `topic:krypto and (tag:vip or city = "Köln") and joined > 2026-01-01`."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from subscribers.cleaning import clean_line
from subscribers.errors import SegmentError
from subscribers.segments.fields import Field, Kind, find_field
from subscribers.segments.leaves import PlaceError, make_leaf
from subscribers.segments.tree import AllOf, AnyOf, Condition, Not, depth_of, leaves_of

#: The longest expression in characters, the most conditions in it, and how deep they may stand in one another: SQLite
#: takes 1000 terms and 100 open brackets.
LENGTH_MAX, CONDITIONS_MAX, DEPTH_MAX = 4000, 200, 12

# A word ends at a blank and at whatever has a meaning of its own; keywords are told from longer words by what follows.
_WORD = r"""[^\s()"'“”„<>=!,:]+"""
_END = r"""(?![^\s()"'“”„<>=!,:])"""
_GRAMMAR = rf"""
?start: any_of
?any_of: all_of (_OR all_of)*
?all_of: one (_AND one)*
?one: "(" any_of ")"
    | _NOT one                                      -> negated
    | field (COLON | COMPARISON | CONTAINS) text    -> asked
    | field _NOT CONTAINS text                      -> not_asked
    | field _IN "(" text ("," text)* ")"            -> among
    | field _NOT _IN "(" text ("," text)* ")"       -> not_among
    | field _IS _EMPTY                              -> empty
    | field _IS _NOT _EMPTY                         -> not_empty
field: (WORD | QUOTED)                              -> field
    | ATTRIBUTE (WORD | QUOTED)                     -> attribute
text: WORD | QUOTED

_AND.2: /and{_END}/i
_OR.2: /or{_END}/i
_NOT.2: /not{_END}/i
_IN.2: /in{_END}/i
_IS.2: /is{_END}/i
_EMPTY.2: /empty{_END}/i
CONTAINS.2: /contains{_END}/i
ATTRIBUTE.2: /attribute\s*:/i
COLON: ":"
COMPARISON: "<=" | ">=" | "!=" | "<>" | "==" | "<" | ">" | "="
QUOTED: /"(?:[^"\\]|\\.)*"/ | /'(?:[^'\\]|\\.)*'/ | /[„“](?:[^“”\\]|\\.)*[“”]/
WORD: /{_WORD}/
%ignore /\s+/
"""
#: What people write instead of ours.
_OTHER_WORDS = {
    "&": "and", "&&": "and", "und": "and", "|": "or", "||": "or", "oder": "or", "nicht": "not", "like": "contains",
    "~": "contains", "enthält": "contains",
}  # fmt: skip
_KEYWORDS = ("and", "or", "not", "in", "is", "empty", "contains")
#: How much a mistyped keyword is like one, from 0 to 1.
_CLOSE = 0.75
_QUOTES = ('"', "'", "„", "“")
#: What is missing where the parser stops: the first that is expected there says it.
_EXPECTED = {
    "LPAR": "a condition is missing here, such as tag:vip",
    "COMMA": "`,` or `)` is missing here",
    "_OR": "`and` or `or` is missing here",
    "COMPARISON": "after a field comes `:`, =, !=, <, <=, >, >=, contains, in (...) or is empty",
    "_IN": "`in`, `contains` or `empty` is missing here",
    "_EMPTY": "`empty` or `not empty` is missing here",
    "WORD": "something to compare with is missing here",
}


def parse_segment(expression: str) -> Condition:
    """The tree of `expression`. Raises SegmentError, which shows the place; nothing else, whatever the text is."""
    if len(expression) > LENGTH_MAX:
        problem = f"An expression has {LENGTH_MAX} characters at most; this one has {len(expression)}."
        raise SegmentError(expression[: LENGTH_MAX + 1], problem, LENGTH_MAX, LENGTH_MAX + 1)
    expression = clean_line(expression)
    if not expression:
        raise SegmentError("", "There is no expression; write a condition such as tag:vip.", 0, 0)
    try:
        condition: Condition = _parser().parse(expression)  # type: ignore[assignment]
    except PlaceError as wrong:
        raise SegmentError(expression, wrong.problem, *wrong.place) from None
    except UnexpectedInput as stop:
        raise _stopped(expression, stop) from None
    return condition


@lru_cache(maxsize=1)
def _parser() -> Lark:
    # With its own stack and the tree built as it goes, no depth of brackets becomes a depth of calls.
    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False, transformer=_Builder())


@v_args(inline=True)
class _Builder(Transformer[Token, Condition]):
    def any_of(self, *parts: Condition) -> Condition:
        return _checked(AnyOf(parts))

    def all_of(self, *parts: Condition) -> Condition:
        return _checked(AllOf(parts))

    def negated(self, part: Condition) -> Condition:
        return _checked(Not(part))

    def asked(self, field: Field, operator: Token, text: Token) -> Condition:
        return make_leaf(field, operator.lower(), *_value(text))

    def not_asked(self, field: Field, operator: Token, text: Token) -> Condition:
        return Not(self.asked(field, operator, text))

    def among(self, field: Field, *texts: Token) -> Condition:
        parts = tuple(make_leaf(field, "in", *_value(text)) for text in texts)
        return parts[0] if len(parts) == 1 else _checked(AnyOf(parts))

    def not_among(self, field: Field, *texts: Token) -> Condition:
        return _checked(Not(self.among(field, *texts)))

    def empty(self, field: Field) -> Condition:
        return make_leaf(field, "is empty", "", field.place)

    def not_empty(self, field: Field) -> Condition:
        return Not(self.empty(field))

    def field(self, name: Token) -> Field:
        return find_field(*_name(name))

    def attribute(self, _prefix: Token, name: Token) -> Field:
        text, place = _name(name)
        return Field(text, Kind.ATTRIBUTE, place, certain=True)

    def text(self, text: Token) -> Token:
        return text


def _value(token: Token) -> tuple[str, tuple[int, int]]:
    """What a word or a quoted text says, and its place. In quotes a backslash takes the meaning from what follows."""
    start = token.start_pos or 0
    place = (start, start + len(token))
    return (re.sub(r"\\(.)", r"\1", token[1:-1]).strip() if token.type == "QUOTED" else str(token)), place


def _name(token: Token) -> tuple[str, tuple[int, int]]:
    text, place = _value(token)
    if not text or '"' in text:
        raise PlaceError("A field has a name, without double quotation marks in it.", place)
    return text, place


def _checked(condition: Condition) -> Condition:
    leaves = leaves_of(condition)
    if depth_of(condition) > DEPTH_MAX:
        problem = f"Conditions stand in one another {DEPTH_MAX} deep at most; make it simpler."
        raise PlaceError(problem, leaves[0].field.place)
    if len(leaves) > CONDITIONS_MAX:
        problem = f"An expression has {CONDITIONS_MAX} conditions at most, the values of `in` counted."
        raise PlaceError(problem, leaves[CONDITIONS_MAX].field.place)
    return condition


def _stopped(expression: str, stop: UnexpectedInput) -> SegmentError:
    """Why the parser stopped, in words."""
    start = stop.pos_in_stream or 0
    if isinstance(stop, UnexpectedToken):
        expected = set(stop.accepts or stop.expected)
        at_end = stop.token.type == "$END"
        start = len(expression) if at_end else stop.token.start_pos or 0
    else:
        expected = set(stop.allowed or ()) if isinstance(stop, UnexpectedCharacters) else set()
        at_end = False
    found = re.match(_WORD, expression[start:])
    end = start + len(found[0]) if found else start + 1
    if expression[start : start + 1] in _QUOTES and not isinstance(stop, UnexpectedToken):
        return SegmentError(expression, "The quotation mark is not closed.", start, end)
    word = found[0] if found else ""
    meant = _OTHER_WORDS.get(word.lower()) or next(
        iter(difflib.get_close_matches(word.lower(), _KEYWORDS, 1, _CLOSE)), ""
    )
    problem = next((said for name, said in _EXPECTED.items() if name in expected), "this cannot stand here")
    if expression[start : start + 1] == ")" and "$END" in expected:
        problem = "this `)` has no `(`"
    elif at_end and "RPAR" in expected:
        problem = "a `)` is missing at the end"
    elif meant and meant.upper() in {name.strip("_") for name in expected}:
        problem += f"; do you mean `{meant}`?"
    elif word and "_OR" in expected:
        problem += "; a text of several words stands in quotation marks"
    return SegmentError(
        expression, f"{problem[:1].upper()}{problem[1:]}{'' if problem.endswith('?') else '.'}", start, end
    )
