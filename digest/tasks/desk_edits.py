"""The edition desk: one edition at a time, every change to it, and its history.

Every change is one transaction: extras, frozen content, shell, revision and audit are saved together or not at all. It
changes what it says and nothing else: articles gathered since do not slip in, they stand in the pool.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from msgspec.structs import replace
from sqlalchemy import Connection

from digest.errors import EditRefusedError, FetchError, StepError
from digest.gather.dedupe import article_key
from digest.model.article import Article
from digest.model.desk import DeskState, Pool, Revision
from digest.model.edition import CHANGED, Edition, EditionState
from digest.model.edits import Edit, WriteArticle
from digest.render.quick_compiling import QuickCompiler
from digest.storage import editions, revisions
from digest.storage.database import Database
from digest.storage.revisions import SavedState
from digest.tasks.choose_articles import Choice
from digest.tasks.clean_edit import clean_address, clean_edit
from digest.tasks.describe_edits import describe_changes
from digest.tasks.desk_state import read_pool, read_state, why_closed
from digest.tasks.desk_steps import Bench, Step, choose, edited, frozen_draft, redone, undone
from digest.tasks.draft_edition import NO_PICTURES, Draft, draft_edition, fetch_pictures_of, shown_pictures
from digest.tasks.prepare_edition import freeze_draft
from digest.tasks.recipe import Recipe
from subscribers.audit import record_change

#: Whoever saves at the very same moment goes first; then the edit is tried on what they left.
_TRIES = 5
_VOIDED = (EditionState.APPROVED, EditionState.HELD)


class EditionDesk:
    """`recipe_of` gives what an edition is made with, `read_page` reads one web page as an article (or FetchError)."""

    def __init__(
        self,
        database: Database,
        recipe_of: Callable[[Edition], Recipe],
        read_page: Callable[[str], Article],
        clock: Callable[[], datetime],
        compiler: QuickCompiler | None = None,
    ) -> None:
        self._database, self._recipe_of, self._read_page, self._clock = database, recipe_of, read_page, clock
        self._compiler = compiler or QuickCompiler()

    def state(self, number: int) -> DeskState:
        """How the edition stands. Raises NotFoundError."""
        with self._database.read() as connection:
            return read_state(connection, number)

    def pool(self, number: int, words: str = "", *, source: str = "", topic: str = "", limit: int = 60) -> Pool:
        """The gathered articles beside the edition, the newest first; those with all of `words`, of that source and
        topic. Raises NotFoundError."""
        with self._database.read() as connection:
            edition = editions.get_edition(connection, number)
            rules = self._recipe_of(edition).rules
            return read_pool(
                connection, edition, tuple(rules), self._clock(), words=words, source=source, topic=topic, limit=limit
            )

    def history(self, number: int) -> list[Revision]:
        """Every revision, the newest first. Raises NotFoundError."""
        with self._database.read() as connection:
            editions.get_edition(connection, number)
            return revisions.list_revisions(connection, number)[::-1]

    def edit(self, number: int, edit: Edit, *, who: str, based_on: int) -> DeskState:
        """Make one edit, based on the revision that the editor saw; the edition as it stands then.

        An approval is void then. Raises EditRefusedError for what cannot be done, ConflictError where somebody else
        changed the same thing since, StepError once sending has begun, TemplateError; then nothing has changed.
        """
        cleaned = clean_edit(edit)

        return self._change(number, lambda connection, bench: edited(connection, bench, cleaned, based_on), who)

    def add_from_url(self, number: int, url: str, *, who: str, based_on: int, pinned: bool = False) -> DeskState:
        """Read the page at `url` and add it as an article. Raises what `edit` raises."""
        address = clean_address(url, "Die eingefügte Adresse")
        if not address:
            raise EditRefusedError("Fügen Sie die Adresse einer Seite ein.")
        try:
            article = self._read_page(address)
        except FetchError as problem:
            raise EditRefusedError(f"Die Seite lässt sich nicht übernehmen: {problem}") from problem
        write = WriteArticle(content=article, article=article_key(article), pinned=pinned)
        return self.edit(number, write, who=who, based_on=based_on)

    def undo(self, number: int, *, who: str, based_on: int | None = None) -> DeskState:
        """Take the last edit back, whoever made it; with `based_on` only if nobody has made another one since.

        Raises what `edit` raises.
        """
        return self._change(number, partial(undone, based_on=based_on), who)

    def redo(self, number: int, *, who: str, based_on: int | None = None) -> DeskState:
        """Make the edit again that was taken back last; `based_on` as for `undo`. Raises what `edit` raises."""
        return self._change(number, partial(redone, based_on=based_on), who)

    def _change(self, number: int, step_of: Callable[[Connection, Bench], Step], who: str) -> DeskState:
        for _ in range(_TRIES):
            with self._database.read() as connection:
                bench = self._lay_out(connection, number)
                step = step_of(connection, bench)
                choice = choose(connection, bench, step.saved)
            same_words = tuple(zip(choice.keys, choice.origins, strict=True)) == bench.origins
            if step.saved.extras == bench.saved.extras and same_words and bench.made is not None:
                return self.state(number)
            draft, warnings = self._draft(bench, step.saved, choice)
            shell = self._compiler.edition(draft.content).to_bytes()
            if self._save(bench, step, draft, shell, who):
                return replace(self.state(number), warnings=warnings)
        raise StepError(f"Ausgabe {number} wird gerade von mehreren zugleich geändert. Versuchen Sie es noch einmal.")

    def _lay_out(self, connection: Connection, number: int) -> Bench:
        edition = editions.get_edition(connection, number, content=True)
        if closed := why_closed(edition):
            raise StepError(closed)
        origins = tuple(editions.article_keys(connection, number))
        keys = tuple(key for key, _ in origins)
        return Bench(
            edition=edition,
            recipe=self._recipe_of(edition),
            saved=SavedState(editions.load_extras(connection, number), keys),
            origins=origins,
            made=frozen_draft(edition.content, keys) if edition.content else None,
            history=tuple(revisions.list_revisions(connection, number)),
        )

    def _draft(self, bench: Bench, saved: SavedState, choice: Choice) -> tuple[Draft, tuple[str, ...]]:
        earlier = bench.made.content.articles if bench.made else ()
        tried = {article.image_url for article in earlier}
        fresh = [each for each in choice.chosen if each.article.image_url and each.article.image_url not in tried]
        pictures = fetch_pictures_of(bench.recipe, saved.extras, fresh, earlier) if fresh else NO_PICTURES
        both = replace(pictures, shown={**shown_pictures(earlier), **pictures.shown})
        draft = draft_edition(
            bench.edition, bench.recipe, saved.extras, choice, both, subject_of=self._compiler.subject
        )
        return draft, pictures.warnings

    def _save(self, bench: Bench, step: Step, draft: Draft, shell: bytes, who: str) -> bool:
        """Whether it was saved; not where the edition is another than the change was made for."""
        number, now = bench.edition.number, self._clock()
        content_hash = draft.content.hash
        with self._database.write() as connection:
            edition = editions.get_edition(connection, number)
            as_laid_out = (edition.state, edition.content_hash) == (bench.edition.state, bench.edition.content_hash)
            if not as_laid_out or revisions.newest_revision(connection, number) != bench.revision:
                return False
            editions.save_extras(connection, number, step.saved.extras)
            if content_hash != edition.content_hash:
                if edition.state in _VOIDED:
                    reason = CHANGED if edition.state is EditionState.APPROVED else ""
                    editions.take_step(connection, edition, EditionState.IN_REVIEW, approved_hash="", reason=reason)
                    edition = editions.get_edition(connection, number)
                freeze_draft(connection, edition, draft, shell, now)
            else:
                editions.save_origins(connection, number, draft.choice.origins)
            revision = revisions.add_revision(
                connection,
                number,
                step.kind,
                saved=SavedState(step.saved.extras, tuple(draft.choice.keys)),
                before=bench.saved,
                who=who,
                summary=step.summary,
                changes=describe_changes(bench.made, draft),
                touches=sorted(step.touches),
                content_hash=content_hash,
                now=now,
            )
            detail = {"revision": str(revision), "summary": step.summary}
            record_change(
                connection, who=who, what="edition edited", subject=f"edition:{number}", at=now, detail=detail
            )
        return True
