"""MJML 4 as data (mjml.json, made by tools/make_mjml.py), and whether a value is of its attribute's kind."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec


class ElementSpec(msgspec.Struct, frozen=True):
    """Attribute -> the kind of its value, and the elements that may stand in this one."""

    attributes: dict[str, str]
    children: tuple[str, ...]


class Spec(msgspec.Struct, frozen=True):
    """`texts` are the elements that hold text or HTML rather than MJML; `colours` the names of colours."""

    source: str
    elements: dict[str, ElementSpec]
    texts: tuple[str, ...]
    colours: tuple[str, ...]

    def parents(self, name: str) -> list[str]:
        """The elements that `name` may stand in."""
        return [parent for parent, each in self.elements.items() if name in each.children]

    def kind(self, element: str, attribute: str) -> str | None:
        """The kind of value of that attribute, None where the element has no such attribute."""
        if attribute in ("css-class", "mj-class"):
            return "string"
        known = self.elements[element].attributes.get(attribute)
        if known is None and element in ("mj-all", "mj-class"):
            known = next(
                (each.attributes[attribute] for each in self.elements.values() if attribute in each.attributes), None
            )
        return known


#: Elements of MJML 4 that MRML, which compiles ours, does not know or leaves without effect.
NOT_COMPILED = frozenset({"mj-html-attributes", "mj-selector", "mj-html-attribute"})


@cache
def mjml_spec() -> Spec:
    return msgspec.json.decode(files(__package__).joinpath("mjml.json").read_bytes(), type=Spec)


_COLOUR = re.compile(
    r"#(?:[0-9a-f]{3}|[0-9a-f]{6})|rgba?\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*(?:,\s*(?:0|1|0?\.\d+)\s*)?\)",
    re.IGNORECASE,
)
_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"


def fits(value: str, kind: str) -> bool:
    """Whether `value` is of `kind`, as MJML's own validator has it; "unit(px,%){1,4}" for instance."""
    value = value.strip()
    name, _, rest = kind.partition("(")
    options, _, count = rest.partition(")")
    choices = options.split(",")
    if name == "enum":
        return value in choices
    if name == "color":
        return bool(_COLOUR.fullmatch(value)) or value.lower() in mjml_spec().colours
    if name == "boolean":
        return value in ("true", "false")
    if name == "integer":
        return bool(re.fullmatch(r"\d+", value))
    if name in ("unit", "unitWithNegative"):
        sign = "-?" if name == "unitWithNegative" else ""
        units = "|".join(re.escape(unit) for unit in choices if unit != "auto")
        single = rf"(?:{sign}{_NUMBER}(?:{units})|{sign}0{'|auto' if 'auto' in choices else ''})"
        most = int(count.strip("{}").split(",")[-1]) if count else 1
        return bool(re.fullmatch(rf"{single}(?:\s+{single}){{0,{most - 1}}}", value))
    return True


def in_words(kind: str) -> str:
    """A kind of value for people."""
    name, _, rest = kind.partition("(")
    options, _, count = rest.partition(")")
    choices = [choice or "a bare number" for choice in options.split(",")]
    if name == "enum":
        return "one of " + ", ".join(choice for choice in options.split(",") if choice)
    if name == "color":
        return "a colour such as #0b5c8a"
    if name == "boolean":
        return "true or false"
    if name == "integer":
        return "a whole number"
    many = ", up to four of them" if count else ""
    return f"a length in {' or '.join(choices)}{many}"
