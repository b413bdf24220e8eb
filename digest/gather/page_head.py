"""What stands around a page's headline: kicker, introduction, the first picture's credit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import msgspec
from lxml.html import HtmlElement

from digest.gather.byline import read_byline
from digest.gather.furniture import clean_credit, is_furniture, split_credit
from digest.gather.page_tree import is_outside, text_of, with_class

_KICKER = re.compile(
    r"(?:^|[\s_-])(?:kicker|dachzeile|overline|topline|roofline|eyebrow|spitzmarke|supertitle|pretitle|oberzeile)"
    r"(?:$|[\s_-])|(?:article|headline|title|entry|story|head)-?(?:kicker|overline|topline)",
    re.IGNORECASE,
)
_INTRO = re.compile(
    r"(?:^|[\s_-])(?:intro|introduction|introtext|lead|leadtext|lede|vorspann|standfirst|anleser|abstract|einleitung"
    r"|excerpt|subtitle|sub-title|untertitel|unterzeile|description|dek|deck|summary|article-?intro)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:^|[\s_-])(?:copyright(?:holder)?|credits?|imagecredit|photo-?credit|bildnachweis|fotograf)", re.IGNORECASE
)
#: How far from the headline its surroundings reach, in elements, and how far a picture may be.
_NEAR, _PICTURE_NEAR = 60, 150


class HeadPart(msgspec.Struct, frozen=True, kw_only=True):
    """Plain text; empty where the page has none. `title` is the headline as the page shows it."""

    title: str = ""
    kicker: str = ""
    intro: str = ""
    credit: str = ""


def read_headpart(tree: HtmlElement, titles: tuple[str, ...]) -> HeadPart:
    """The surroundings of the headline that says what one of `titles` does; nothing where no headline does."""
    heading = _heading(tree, titles)
    if heading is None:
        return HeadPart()
    kicker, title = _kicker(heading)
    after = list(islice(_after(heading), _PICTURE_NEAR))
    return HeadPart(title=title, kicker=kicker, intro=_intro(after[:_NEAR]), credit=_credit(after))


def _heading(tree: HtmlElement, titles: tuple[str, ...]) -> HtmlElement | None:
    """The h1 (or h2) that shares most words with a known title; the one h1 of an article where none does."""
    wanted = [words for title in titles if (words := _words(title))]
    for tag in ("h1", "h2"):
        for element in tree.iter(tag):
            shown = _words(text_of(element))
            if len(shown) >= 2 and any(len(shown & words) * 10 >= 7 * min(len(shown), len(words)) for words in wanted):
                return element
    alone = [element for element in tree.iter("h1") if len(_words(text_of(element))) >= 3 and not is_outside(element)]
    return alone[0] if len(alone) == 1 else None


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def _kicker(heading: HtmlElement) -> tuple[str, str]:
    """The kicker inside the headline or right before it, and the headline without it."""
    title = text_of(heading)
    inside = list(with_class(heading.iterdescendants(), _KICKER))
    before = list(with_class(iter(_before(heading)[:12]), _KICKER))
    for element in (*inside[:1], *before[:1]):
        kicker = text_of(element).strip(" :|–-")
        if element in inside and title.casefold().startswith(kicker.casefold()):
            title = title[len(kicker) :].lstrip(" :|–-")
        if _is_kicker(kicker, element) and title:
            return kicker, title
    return "", title


def _is_kicker(text: str, element: HtmlElement) -> bool:
    """A few words of its own; a linked word alone is the section's name and no kicker."""
    linked = element.tag == "a" or any(True for _ in element.iter("a"))
    return 2 < len(text) <= 80 and not is_furniture(text) and not (linked and " " not in text)


def _before(heading: HtmlElement) -> list[HtmlElement]:
    """Elements before the headline, nearest first, as far as its third parent reaches."""
    above = list(islice(heading.iterancestors(), 3))
    top = above[-1] if above else heading
    earlier: list[HtmlElement] = []
    for element in top.iter():
        if element is heading:
            break
        if isinstance(element.tag, str) and element not in above:
            earlier.append(element)
    return earlier[::-1]


def _after(heading: HtmlElement) -> Iterator[HtmlElement]:
    """Elements after the headline in document order."""
    for step in (heading, *heading.iterancestors()):
        for sibling in step.itersiblings():
            yield from (element for element in sibling.iter() if isinstance(element.tag, str))


def _intro(elements: list[HtmlElement]) -> str:
    """The introduction: an element that calls itself so, of one to a few sentences."""
    for element in with_class(iter(elements), _INTRO):
        if element.tag in {"a", "img", "meta", "figcaption", "figure"} or is_outside(element) or _in_figure(element):
            continue
        paragraphs = [text_of(child) for child in element.iter("p")] or [text_of(element)]
        text = next((text for text in paragraphs if text), "")
        if 60 <= len(text) <= 700 and not _links_on(element, text) and not read_byline(text) and not is_furniture(text):
            return text
    return ""


def _links_on(element: HtmlElement, text: str) -> bool:
    """Whether it is another article's teaser: "... | mehr", or a link from its beginning to its end."""
    linked = sum(len(text_of(link)) for link in element.iter("a"))
    return linked * 2 > len(text) or bool(re.search(r"\b(?:mehr|weiterlesen)\W*$", text, re.IGNORECASE))


def _in_figure(element: HtmlElement) -> bool:
    above = any(parent.tag == "figure" for parent in element.iterancestors())
    return above or any(True for _ in element.iter("img", "figure"))


def _credit(elements: list[HtmlElement]) -> str:
    """Who made the first picture below the headline, by its caption or by an element of that name."""
    for element in elements:
        if element.tag != "figcaption" or is_outside(element):
            continue
        named = next(with_class(element.iterdescendants(), _CREDIT), None)
        return _checked(clean_credit(text_of(named)) if named is not None else split_credit(text_of(element))[1])
    named = next((found for found in with_class(iter(elements), _CREDIT) if not is_outside(found)), None)
    return _checked(clean_credit(text_of(named))) if named is not None else ""


def _checked(credit: str) -> str:
    """The credit, unless it is the page's own copyright notice or no credit at all."""
    return "" if len(credit) > 150 or re.match(r"(?:19|20)\d\d\b", credit) or is_furniture(credit) else credit
