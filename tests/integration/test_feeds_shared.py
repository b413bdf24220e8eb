"""The sound and broken feeds that may lie beside the project: each says in its first comment what must come out."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from digest.errors import SourceError
from digest.gather.base import Context
from digest.gather.collect import gather_source
from digest.gather.feed import FeedSource
from digest.gather.fetch import Fetcher
from digest.gather.html_text import pictures, plain
from digest.gather.settings import GatherSettings, SourceSettings
from digest.gather.urls import clean_url
from digest.model.article import Article

_EXPECT = re.compile(r"Expect:\s*(.*?)\s*(?:\n|-->)")
_ENTRY = re.compile(r"<(?:\w+:)?(?:entry|item)\b")


@pytest.fixture(scope="module")
def feeds(shared: Path) -> list[Path]:
    found = sorted((shared / "data" / "feeds").glob("*.xml"))
    assert len(found) > 50
    return found


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    def nobody(*_: object) -> list[tuple[object, ...]]:
        raise OSError("no such name")

    with Fetcher(GatherSettings(timeout_seconds=10), resolver=nobody) as fetcher:  # type: ignore[arg-type]
        yield Context(
            fetcher=fetcher, now=datetime(2026, 1, 1, tzinfo=UTC), day=date(2026, 1, 1), zone=ZoneInfo("Europe/Berlin")
        )


def settings(file: Path) -> SourceSettings:
    return SourceSettings(name="Blatt", type="feed", path=str(file), max_items=100)


def says_text(article: Article, value: object) -> bool:
    """Summary and content: the words, and the picture where they are in one."""
    text, images = plain(str(value)), pictures(str(value))
    whole = " ".join((article.lead, *article.body))
    return text in whole and all(article.image_url == clean_url(image.url) for image in images)


#: Field of feedparser's entry, in order of its keys -> whether the article has it.
CHECKS: dict[str, Callable[[Article, object], bool]] = {
    r"title": lambda article, value: article.title == plain(str(value)),
    r"link|links/\d+/href": lambda article, value: article.url == clean_url(str(value)),
    r"description|summary|content/\d+/value|summary_detail/value": says_text,
    r"author": lambda article, value: article.author in str(value),
    r"author_detail/name|authors/0/name|source/author_detail/name": lambda article, value: value in article.author,
    r"tags/\d+/term|category": lambda article, value: str(value) in article.topics,
    r"source/title": lambda article, value: article.site == plain(str(value)),
    r"enclosures/0/url|image/href": lambda article, value: article.image_url == value,
    r"(?:published|updated|created)_parsed": lambda article, value: (
        article.published is not None and article.published.astimezone(UTC).timetuple()[:6] == tuple(value)[:6]  # type: ignore[call-overload]
    ),
}


def expectations(content: str) -> Iterator[tuple[int, str, object]]:
    """The entry, the field and its value of each equation in the file's comment, without running it."""
    found = _EXPECT.search(content)
    tree = ast.parse(found[1], mode="eval").body if found and found[1] else ast.Constant(value=True)
    for part in tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]:
        if isinstance(part, ast.Compare) and all(isinstance(how, ast.Eq) for how in part.ops):
            *sides, last = (part.left, *part.comparators)
            if isinstance(last, ast.Constant | ast.Tuple):
                for side in sides:
                    keys = list(path_of(side))
                    if keys[:1] == ["entries"] and len(keys) > 2:
                        yield int(keys[1]), "/".join(keys[2:]), ast.literal_eval(last)


def path_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        yield from path_of(node.value)
        yield str(node.slice.value)
    elif isinstance(node, ast.Attribute):
        yield from path_of(node.value)
        yield node.attr
    elif isinstance(node, ast.Name):
        yield node.id


def test_each_field_that_we_have_is_as_the_file_says(feeds: list[Path], context: Context) -> None:
    wrong, checked = [], 0
    for file in feeds:
        wanted = list(expectations(file.read_bytes().decode("latin-1")))
        articles = list(FeedSource(settings(file)).articles(context)) if wanted else []
        for entry, field, value in wanted:
            check = next((check for name, check in CHECKS.items() if re.fullmatch(name, field)), None)
            if check is not None:
                checked += 1
                if not check(articles[entry], value):
                    wrong.append(f"{file.name}: {field} == {value!r}, not {articles[entry]}")
    assert not wrong
    assert checked >= 20


def test_no_file_breaks_a_source(feeds: list[Path], context: Context) -> None:
    """A file without entries is a source without articles, said in one sentence; any other is read."""
    for file in feeds:
        said, articles = "", []
        try:
            articles = gather_source(settings(file), {}, context)
        except SourceError as error:
            said = str(error)
        assert said in {"", "Source Blatt: has no articles"}, file
        assert said or _ENTRY.search(file.read_bytes().decode("latin-1")), file
        assert all(article.title and article.source == "Blatt" for article in articles)
