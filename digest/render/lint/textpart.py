"""The text part: the same articles as the HTML, in lines that every program can show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from digest.render.checks import NUMBERED
from digest.render.lint.findings import Finding, found
from digest.render.lint.rendition import KnownMarks, Rendition, whole

#: RFC 5322, 2.1.1, without the line end.
_LONGEST = 998
#: Letters of a title that tell it from others: a look may shorten titles.
_ENOUGH = 24


def check_text(rendition: Rendition) -> Iterator[Finding]:
    yield from _check_articles(rendition)
    offset = 0
    for line in rendition.text.text.split("\n"):
        if len(line.encode()) > _LONGEST:
            shown = rendition.text_marks.mark.sub("…", line)
            problem = f"A line of the text part has {len(line.encode())} bytes; mail allows {_LONGEST}."
            yield found("long-line", rendition.text.at(offset), shown, problem)
        offset += len(line) + 1


def _check_articles(rendition: Rendition) -> Iterator[Finding]:
    html = _blocks(rendition.html.text, rendition.html_marks)
    text = _blocks(rendition.text.text, rendition.text_marks)
    for number, article in enumerate(rendition.content.articles):
        title = _letters(article.title)[:_ENOUGH]
        for group in NUMBERED:
            key = (group, str(number))
            in_html, in_text = html.get(key), text.get(key)
            for one, other, file in ((in_html, in_text, rendition.text), (in_text, in_html, rendition.html)):
                if one is not None and other is None:
                    problem = f'The block "{group}" of article {number + 1} stands in one part only.'
                    yield found("text-articles", whole(file), article.title, problem)
            for shown, file in ((in_html, rendition.html), (in_text, rendition.text)):
                if shown is not None and title not in _letters(unescape(re.sub(r"<[^>]*>", "", shown[1]))):
                    problem = f'The block "{group}" of article {number + 1} does not show its title.'
                    yield found("text-articles", file.at(shown[0]), article.title, problem)


def _blocks(text: str, marks: KnownMarks) -> dict[tuple[str, str], tuple[int, str]]:
    """(group, name) -> where the block begins, and what stands in it."""
    blocks: dict[tuple[str, str], tuple[int, str]] = {}
    opened: dict[int, int] = {}
    for mark in marks.mark.finditer(text):
        number = int(mark[2])
        if mark[1] == "o":
            opened[number] = mark.end()
        elif mark[1] == "c" and number in opened:
            blocks[marks.fences[number]] = (opened[number], text[opened[number] : mark.start()])
    return blocks


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
