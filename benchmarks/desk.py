"""From an editor's edit to the preview of it, against compiling the edition as a whole, in both forms of address."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import mean, quantiles

from msgspec.structs import replace

from benchmarks.edition import NOW, SNAPSHOT, make_content
from benchmarks.result import Result
from digest.compose.selection import SourceRule
from digest.gather.dedupe import article_key
from digest.model.arrangement import Override
from digest.model.article import Article
from digest.model.desk import DeskState
from digest.model.edits import DropArticle, Edit, MoveArticle, PinArticle, RewriteArticle, SetSubject
from digest.render.compiling import compile_edition
from digest.storage.articles import save_articles
from digest.storage.database import open_database
from digest.tasks.desk_edits import EditionDesk
from digest.tasks.desk_preview import DeskPreviews
from digest.tasks.prepare_edition import prepare_edition
from digest.tasks.recipe import Recipe

_ARTICLES, _EDITS, _COMPILATIONS = 30, 60, 5
_AIM_MS = 150


def measure() -> list[Result]:
    content = make_content(_ARTICLES)
    newsletter = replace(content.newsletter, max_articles=_ARTICLES, at="23:59")
    recipe = Recipe(
        site=content.site,
        newsletter=newsletter,
        rules={"Stadt": SourceRule()},
        coins=content.coins,
        currency=content.currency,
        templates=content.templates,
    )
    compiled = mean(_timed(lambda: compile_edition(content)) for _ in range(_COMPILATIONS))
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/desk.db")
        with database.write() as connection:
            save_articles(connection, [(article_key(each), each) for each in content.articles], NOW)
        number = prepare_edition(database, recipe, content.date, NOW).edition.number
        desk = EditionDesk(database, lambda _edition: recipe, _no_page, lambda: NOW)
        previews = DeskPreviews(database, content.site.base_url, bytes(32), lambda: SNAPSHOT, Path(folder), lambda: NOW)
        taken = [_timed(each) for each in islice(_edits(desk, previews, number), _EDITS)]
        database.close()
    # The first one has everything to compile.
    slowest = quantiles(taken[1:], n=20)[-1]
    return [
        Result(
            what=f"edit to preview, {_ARTICLES} articles, p95 of {_EDITS - 1}",
            figure=f"{slowest * 1000:.0f} ms (aim: {_AIM_MS})",
            reference="compiling the whole edition, both forms",
            reference_figure=f"{compiled * 1000:.0f} ms",
            ratio=compiled / slowest,
            aim="> 1",
        )
    ]


def _edits(desk: EditionDesk, previews: DeskPreviews, number: int) -> Iterator[Callable[[], None]]:
    """One edit after the other, each of another kind, with the preview after it."""
    state = desk.state(number)
    for turn in cycle(range(_EDITS)):
        edit = _edit(state, turn)
        persona = ("sie", "du")[turn % 2]

        def step(edit: Edit = edit, persona: str = persona) -> None:
            nonlocal state
            state = desk.edit(number, edit, who="editor:messung", based_on=state.revision)
            assert previews.preview(number, persona).framed()

        yield step


def _edit(state: DeskState, turn: int) -> Edit:
    articles = state.articles
    key = articles[turn * 7 % len(articles)].key
    if turn % 6 == 1:
        return MoveArticle(article=articles[-1].key, after=articles[-2 - turn % 5].key)
    if turn % 6 == 3:
        return PinArticle(article=articles[0].key, pinned=not articles[0].pinned)
    if turn == 29:
        return DropArticle(article=key)
    if turn % 6 == 5:
        return SetSubject(subject=f"Der Betreff in seiner {turn}. Fassung")
    wording = Override(title=f"Ein Titel in seiner {turn}. Fassung", lead=f"Und ein Vorspann dazu, der {turn}. davon.")
    return RewriteArticle(article=key, wording=wording)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _no_page(url: str) -> Article:
    raise AssertionError(f"nobody reads {url}")
