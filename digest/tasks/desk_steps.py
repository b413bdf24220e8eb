"""What a change at the desk makes of an edition, and whether it gets along with what others changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from digest import german
from digest.compose.arrangement import names_of, origin_hash
from digest.errors import ConflictError, EditRefusedError
from digest.gather.dedupe import article_key
from digest.model.arrangement import WrittenArticle
from digest.model.article import Article
from digest.model.desk import Revision, RevisionKind
from digest.model.edit_rules import Standing, StandingArticle, apply_edit
from digest.model.edition import Edition, EditionContent
from digest.model.edits import AddArticle, Edit, WriteArticle
from digest.model.extras import Extras
from digest.storage import revisions
from digest.storage.revisions import SavedState
from digest.tasks.choose_articles import Choice, ChosenArticle, arrange_choice, pool_articles
from digest.tasks.describe_edits import summarize
from digest.tasks.draft_edition import Draft
from digest.tasks.recipe import Recipe
from digest.tasks.undoing import undoable

#: What a change touches that may have changed anything.
EVERYTHING = "*"


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """An edition as it lies on the desk when a change begins."""

    edition: Edition
    recipe: Recipe
    saved: SavedState
    origins: tuple[tuple[str, str], ...]
    made: Draft | None
    history: tuple[Revision, ...]

    @property
    def revision(self) -> int:
        return self.history[-1].number if self.history else 0

    @property
    def sources(self) -> dict[str, str]:
        """The articles' sources, by key."""
        return {each.key: each.article.source for each in self.made.choice.chosen} if self.made else {}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a change makes of it. `keys` are the articles that nobody placed, in their order."""

    kind: RevisionKind
    saved: SavedState
    touches: frozenset[str]
    summary: str


def edited(connection: Connection, bench: Bench, edit: Edit, based_on: int) -> Step:
    """The edit made to what lies on the bench. Raises ConflictError and EditRefusedError."""
    check_conflicts(bench, edit.touches, based_on)
    extras = _settled(bench)
    standing = _standing(bench, pool_articles(connection, [getattr(edit, "article", "")], bench.recipe, bench.sources))
    titles = {each.key: each.article.title for each in extras.arranged.written}
    titles |= {each.key: each.title for each in standing.articles}
    if isinstance(edit, WriteArticle) and not edit.article:
        edit = replace(edit, article=f"hand:{bench.edition.number}:{bench.revision + 1}")
    if isinstance(edit, AddArticle) and edit.article not in titles:
        titles |= {key: one.title for key, one in pool_articles(connection, [edit.article], bench.recipe).items()}
        if edit.article not in titles:
            raise EditRefusedError("Diesen Artikel gibt es im Vorrat nicht mehr.")
    return Step(
        kind=RevisionKind.EDIT,
        saved=SavedState(apply_edit(extras, edit, standing), bench.saved.keys),
        touches=edit.touches,
        summary=summarize(edit, titles),
    )


def undone(connection: Connection, bench: Bench, based_on: int | None) -> Step:
    """Back to before the last edit that stands. Raises EditRefusedError, and ConflictError as `edited` does."""
    standing, _ = undoable(bench.history)
    if not standing:
        raise EditRefusedError("Es gibt nichts, was sich rückgängig machen ließe.")
    back_to = standing[-2] if len(standing) > 1 else 0
    return _stepped(RevisionKind.UNDO, connection, bench, based_on, standing[-1], back_to)


def redone(connection: Connection, bench: Bench, based_on: int | None) -> Step:
    """Forth again to the edit that was taken back last. Raises what `undone` raises."""
    _, taken_back = undoable(bench.history)
    if not taken_back:
        raise EditRefusedError("Es gibt nichts, was sich wiederherstellen ließe.")
    return _stepped(RevisionKind.REDO, connection, bench, based_on, taken_back[-1], taken_back[-1])


def _stepped(kind: RevisionKind, connection: Connection, bench: Bench, based_on: int | None, of: int, to: int) -> Step:
    """Back, or forth again, over the edit `of` to what was saved at revision `to`."""
    edit = next(revision for revision in bench.history if revision.number == of)
    if based_on is not None:
        check_conflicts(bench, frozenset({EVERYTHING}), based_on)
    saved = revisions.load_saved(connection, bench.edition.number, to)
    last = revisions.load_saved(connection, bench.edition.number, bench.revision)
    # What a preparation has brought in since stays.
    since = tuple(key for key in bench.saved.keys if key not in last.keys and key not in saved.keys)
    verb = "Rückgängig" if kind is RevisionKind.UNDO else "Wiederhergestellt"
    return Step(
        kind=kind,
        saved=SavedState(saved.extras, (*saved.keys, *since)),
        touches=frozenset(edit.touches),
        summary=f"{verb}: {edit.summary}",
    )


def check_conflicts(bench: Bench, touches: frozenset[str], based_on: int) -> None:
    since = [revision for revision in bench.history if revision.number > based_on]
    clashes = [
        each for each in since if EVERYTHING in touches.union(each.touches) or touches.intersection(each.touches)
    ]
    if clashes:
        zone = bench.recipe.site.zone
        told = (
            f"{each.who.removeprefix('editor:')}, {german.time_of_day(each.at.astimezone(zone))}: {each.summary}."
            for each in clashes
        )
        raise ConflictError(bench.edition.number, based_on, bench.revision, tuple(told))


def _overlap(one: frozenset[str], other: frozenset[str]) -> bool:
    return EVERYTHING in one | other or not one.isdisjoint(other)


def _settled(bench: Bench) -> Extras:
    """The extras with what a command gave as the desk keeps it: articles by hand and pins under their keys."""
    extras = bench.saved.extras
    keys = {name: each.key for each in (bench.made.choice.chosen if bench.made else ()) for name in _names(each)}
    by_hand = tuple(WrittenArticle(key=article_key(article), article=article) for article in extras.articles)
    pinned = dict.fromkeys([*(each.key for each in by_hand), *(keys.get(name, name) for name in extras.pinned)])
    if not by_hand and tuple(pinned) == extras.pinned:
        return extras
    arranged = extras.arranged
    return replace(
        extras,
        articles=(),
        pinned=tuple(pinned),
        arrangement=replace(arranged, written=(*by_hand, *arranged.written)) if by_hand else extras.arrangement,
    )


def _standing(bench: Bench, now: Mapping[str, Article]) -> Standing:
    """`now` has articles as their sources have them by now: that is what an editor sees, and writes other words for."""
    made = bench.made
    sections = tuple(section.name for section in bench.recipe.newsletter.sections)
    if made is None:
        return Standing(sections=sections)
    origins = dict(bench.origins)
    return Standing(
        articles=tuple(
            StandingArticle(
                key=each.key,
                title=each.article.title,
                pinned=number < made.choice.pinned,
                names=_names(each),
                origin=origin_hash(now[each.key]) if each.key in now else origins[each.key],
            )
            for number, each in enumerate(made.choice.chosen)
        ),
        sections=sections,
    )


def _names(chosen: ChosenArticle) -> tuple[str, ...]:
    return names_of(chosen.key, chosen.article)


def choose(connection: Connection, bench: Bench, saved: SavedState) -> Choice:
    """The articles as they are saved, in the words that their sources have now."""
    frozen = {each.key: each.article for each in bench.made.choice.chosen} if bench.made else {}
    wanted = dict.fromkeys([*saved.keys, *saved.extras.arranged.order])
    pool = frozen | pool_articles(connection, list(wanted), bench.recipe, bench.sources)
    return arrange_choice(saved.keys, pool, bench.recipe, saved.extras)


def frozen_draft(content: EditionContent, keys: Sequence[str]) -> Draft:
    chosen = tuple(
        ChosenArticle(key=key, article=article, origin=article)
        for key, article in zip(keys, content.articles, strict=True)
    )
    return Draft(content=content, choice=Choice(chosen=chosen, pinned=content.pinned))
