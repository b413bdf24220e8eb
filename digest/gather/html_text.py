"""HTML of feeds and pages -> plain text, by html5ever (nh3): what it returns is sound and easy to cut up."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import nh3

from digest.gather.lines import one_line


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


#: Parsing deeply nested markup takes quadratic time, so there is an end to both.
MAX_CHARS = 300_000
MAX_TAGS = 5_000
_BLOCKS = _set(
    "address article aside blockquote center dd details dir div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main menu nav ol p pre section summary table tbody tfoot thead tr ul caption"
)
_SPACES = _set("br td th")
#: Elements that go with all that is in them.
_DROPPED = _set(
    "script style noscript template svg math iframe object audio video canvas map button select textarea "
    "figcaption title"
)
#: Classes of paragraphs that stand under a picture or sell something: WordPress, FeedBurner, Jetpack.
_DROPPED_CLASSES = _set("wp-caption-text caption image-caption feedflare sharedaddy screen-reader-text")
_BREAK, _LINE = "\ue000", "\ue001"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ue000\ue001\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r'<(?P<end>/?)(?P<name>[a-z0-9]+)(?: class="(?P<classes>[^"]*)")?>')
_IMAGE = re.compile(r'<img(?P<attributes>(?:[^>"]|"[^"]*")*)>')
_ATTRIBUTE = re.compile(r' (?P<name>[a-z]+)="(?P<value>[^"]*)"')
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>|<p class=\"wp-caption-text\">(.*?)</p>", re.DOTALL)
_LINES = re.compile(f"{_LINE}(?:\\s*{_LINE})+")
_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*\n\s*")
_LETTER = re.compile(r"\w")


class Picture(NamedTuple):
    """An image in a text; the sides in pixels, 0 where nobody says. `url` may be relative, `alt` empty."""

    url: str
    width: int
    height: int
    alt: str = ""


def plain(markup: str) -> str:
    """All text of `markup` on one line, without tags, scripts and captions; entities decoded, once."""
    return one_line(_flat(markup).replace(_BREAK, " ").replace(_LINE, " "))


def paragraphs(markup: str) -> tuple[str, ...]:
    """The paragraphs of `markup`, each as `plain` makes it: blocks, list items, lines parted by two <br> or, in text
    without any blocks, by an empty line. What has no letter or digit is none, unless it is all there is."""
    flat = _LINES.sub(_BREAK, _flat(markup))
    if _BREAK not in flat:
        flat = _BLANK_LINE.sub(_BREAK, flat)
    return _kept(flat.replace(_LINE, " ").split(_BREAK))


def text_paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of text that is no markup: what looks like a tag is meant as it stands."""
    return _kept(_BLANK_LINE.split(text[:MAX_CHARS]))


def pictures(markup: str) -> tuple[Picture, ...]:
    """The images of `markup`, in order."""
    sound = nh3.clean(
        _bounded(markup),
        tags={"img"},
        attributes={"img": {"src", "width", "height", "alt"}},
        url_schemes={"http", "https"},
        link_rel=None,
    )
    found = []
    for image in _IMAGE.finditer(sound):
        values = {m["name"]: html.unescape(m["value"]) for m in _ATTRIBUTE.finditer(image["attributes"])}
        if values.get("src"):
            sides = _pixels(values.get("width", "")), _pixels(values.get("height", ""))
            found.append(Picture(values["src"], *sides, one_line(values.get("alt", ""))))
    return tuple(found)


def captions(markup: str) -> tuple[str, ...]:
    """What stands under the pictures of `markup`, in order."""
    sound = nh3.clean(
        _bounded(markup),
        tags={"figcaption", "p"},
        attributes={"p": {"class"}},
        clean_content_tags={"script", "style"},
        link_rel=None,
    )
    return _kept(html.unescape(_TAG.sub("", found[0] or found[1])) for found in _CAPTION.findall(sound))


def _bounded(markup: str) -> str:
    pieces = _CONTROLS.sub(" ", markup[:MAX_CHARS]).split("<", MAX_TAGS)
    return "<".join(pieces[:MAX_TAGS])


def _flat(markup: str) -> str:
    """The text with a mark at every block's edge and at every line's end."""
    bounded = _bounded(markup)
    if "<" not in bounded:
        return html.unescape(bounded)
    sound = nh3.clean(
        bounded,
        tags=set(_BLOCKS | _SPACES),
        attributes={"p": {"class"}, "div": {"class"}},
        clean_content_tags=set(_DROPPED),
        link_rel=None,
    )
    return "".join(_texts(sound))


def _texts(sound: str) -> Iterator[str]:
    position, skipping, depth = 0, "", 0
    for tag in _TAG.finditer(sound):
        name = tag["name"]
        if not skipping:
            yield html.unescape(sound[position : tag.start()])
            yield _BREAK if name in _BLOCKS else _LINE if name == "br" else " "
            if not tag["end"] and _DROPPED_CLASSES & set((tag["classes"] or "").split()):
                skipping, depth = name, 1
        elif name == skipping:
            depth += -1 if tag["end"] else 1
            skipping = skipping if depth else ""
        position = tag.end()
    if not skipping:
        yield html.unescape(sound[position:])


def _kept(texts: Iterable[str]) -> tuple[str, ...]:
    lines = [line for text in texts if (line := one_line(text))]
    return tuple(line for line in lines if _LETTER.search(line)) or tuple(lines)


def _pixels(value: str) -> int:
    found = re.match(r"\d{1,5}", value)
    return int(found[0]) if found else 0
