"""Which mail programs lack what (clients.json, by caniemail, made by tools/make_clients.py), and what of it matters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from digest.render.lint.css import at_name, words_outside_strings


class Clients(msgspec.Struct, frozen=True):
    """Each table: a piece of CSS or HTML -> the numbers, in `clients`, of the programs that do not know it."""

    source: str
    tested: str
    clients: tuple[str, ...]
    properties: dict[str, tuple[int, ...]]
    values: dict[str, tuple[int, ...]]
    keywords: dict[str, tuple[int, ...]]
    functions: dict[str, tuple[int, ...]]
    units: dict[str, tuple[int, ...]]
    pseudo: dict[str, tuple[int, ...]]
    at_rules: dict[str, tuple[int, ...]]
    elements: dict[str, tuple[int, ...]]

    def names(self, numbers: tuple[int, ...]) -> str:
        return ", ".join(self.clients[number] for number in numbers)


#: What a mail reads just as well without -> what is then different. Said once per template, not at every place.
DEGRADES = {
    "border-radius": "corners are square",
    "box-shadow": "there is no shadow",
    "text-shadow": "there is no shadow",
    "white-space": "words may wrap",
    "word-break": "long words may stick out",
    "overflow-wrap": "long words may stick out",
    "word-wrap": "long words may stick out",
    "hyphens": "words are not hyphenated",
    "font-variant-numeric": "figures are of unequal width",
    "font-kerning": "letters stand a little differently",
    "text-underline-offset": "underlines stand closer",
    "text-decoration-thickness": "underlines are of usual strength",
    "text-decoration-color": "underlines have the colour of the text",
    "text-wrap": "lines break elsewhere",
    "box-sizing": "boxes are wider by their padding",
    "opacity": "it is shown in full strength",
    "object-fit": "pictures are stretched",
    "transition": "nothing moves",
    "cursor": "the pointer stays what it is",
    "max-height": "it may be higher",
    "min-height": "it may be lower",
    "min-width": "it may be narrower",
    "outline": "there is no outline",
    "overflow": "nothing is cut off",
    "table-layout": "columns are as wide as what stands in them",
    "color-scheme": "the meta element says the same",
    "orphans": "only print differs",
    "widows": "only print differs",
}
#: CSS 2.1 and what every browser has had for as long; caniemail lists only what differs.
_PLAIN = frozenset(
    """
    azimuth background background-attachment background-color background-image background-position
    background-repeat border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse
    border-color border-left border-left-color border-left-style border-left-width border-right border-right-color
    border-right-style border-right-width border-spacing border-style border-top border-top-color border-top-style
    border-top-width border-width bottom caption-side clear clip color content counter-increment counter-reset cursor
    direction display empty-cells float font font-family font-size font-style font-variant font-weight height left
    letter-spacing line-height list-style list-style-image list-style-position list-style-type margin margin-bottom
    margin-left margin-right margin-top max-height max-width min-height min-width orphans outline outline-color
    outline-style outline-width overflow overflow-x overflow-y padding padding-bottom padding-left padding-right
    padding-top page-break-after page-break-before page-break-inside position quotes right src table-layout text-align
    text-decoration text-indent text-transform top unicode-bidi unicode-range vertical-align visibility white-space
    widows width word-spacing z-index font-display
    """.split()  # noqa: SIM905, a list would be a page long
)
#: Longhands of what caniemail knows by its shorthand.
_LONGHANDS = re.compile(
    r"(border)-(?:(?:top|bottom)-(?:left|right)-)(radius)|(animation|transition|flex|grid|overflow|outline)-[a-z-]+"
)
#: Properties that only one program has, and others rightly skip.
_OWN = re.compile(r"(?:mso|-webkit|-moz|-ms|-o)-|--")


@cache
def clients() -> Clients:
    return msgspec.json.decode(files(__package__).joinpath("clients.json").read_bytes(), type=Clients)


class Lack(msgspec.Struct, frozen=True):
    """A piece that some programs do not know. `key` is the property to look up in DEGRADES."""

    piece: str
    programs: str
    key: str


def lacking_property(name: str) -> Lack | None:
    """The programs that do not know the property, if any."""
    known = clients()
    numbers = known.properties.get(name)
    key = name
    longhand = _LONGHANDS.fullmatch(name) if numbers is None else None
    if longhand:
        key = "border-radius" if longhand[1] else longhand[3]
        numbers = known.properties.get(key)
    return Lack(name, known.names(numbers), key) if numbers else None


def is_known_property(name: str) -> bool:
    """Whether it is CSS at all, as far as any mail program is concerned."""
    return bool(
        name in _PLAIN
        or name in DEGRADES
        or name in clients().properties
        or _OWN.match(name)
        or _LONGHANDS.fullmatch(name)
    )


def lacking_values(name: str, value: str) -> Iterator[Lack]:
    """The keywords, functions and units of a value that some programs do not know."""
    known = clients()
    words = words_outside_strings(value).lower()
    for word in sorted(set(re.findall(r"(?<![\w-])[a-z][a-z-]*(?![\w(-])", words))):
        for piece, numbers in (
            (f"{name}:{word}", known.values.get(f"{name}:{word}")),
            (word, known.keywords.get(word)),
        ):
            # What is hidden there is hidden by other means, or shown: a mail cannot do without it.
            if numbers and piece != "display:none":
                yield Lack(piece, known.names(numbers), piece)
    for word in sorted(set(re.findall(r"([a-z-]+)\(", words))):
        if known.functions.get(word):
            yield Lack(f"{word}()", known.names(known.functions[word]), word)
    for word in sorted(set(re.findall(r"(?<![\w#])\d*\.?\d+([a-z%]+)", words))):
        if known.units.get(word):
            yield Lack(f"the unit {word}", known.names(known.units[word]), word)


def lacking_at_rule(prelude: str) -> Lack | None:
    """The programs that do not know the at-rule, if any."""
    name = at_name(prelude)
    numbers = clients().at_rules.get(name.removeprefix("-webkit-"))
    return Lack(f"@{name}", clients().names(numbers), f"@{name}") if numbers else None


def lacking_pseudo(selector: str) -> Iterator[Lack]:
    """The pseudo-classes and -elements of a selector that some programs do not know."""
    for word in sorted(set(re.findall(r"::?([a-z-]+)", selector.lower()))):
        if numbers := clients().pseudo.get(word):
            yield Lack(f":{word}", clients().names(numbers), f":{word}")


def lacking_element(name: str) -> Lack | None:
    """The programs that do not know the HTML element, if any."""
    numbers = clients().elements.get(name)
    return Lack(f"<{name}>", clients().names(numbers), name) if numbers else None
