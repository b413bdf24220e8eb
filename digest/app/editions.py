"""Editions: prepared, changed at the desk, looked at, corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from digest.app.people import People
from digest.model.edition import EditionKind
from digest.model.newsletter import Newsletter

if TYPE_CHECKING:
    from digest.model.desk import DeskFinding
    from digest.model.edition import Edition, EditionContent
    from digest.tasks.desk_edits import EditionDesk
    from digest.tasks.desk_preview import DeskPreviews
    from digest.tasks.prepare_edition import PrepareReport
    from digest.tasks.recipe import Recipe


class Editions(People):
    """Adds what editions are made and changed by."""

    def prepare(self, newsletter: Newsletter, day: date) -> PrepareReport:
        from digest.tasks.prepare_edition import prepare_edition

        return prepare_edition(self.database, self.recipe(newsletter), day, self.clock())

    def edit(
        self, newsletter: Newsletter, day: date, raw: Mapping[str, Any], where: str, *, who: str = "cli"
    ) -> PrepareReport:
        """Give an edition the extras in `raw`, which was read from `where`, and prepare it again."""
        from digest.tasks.edit_edition import edit_edition, read_extras

        extras = read_extras(raw, where)
        return edit_edition(self.database, self.recipe(newsletter), day, extras, self.clock(), who=who)

    @cached_property
    def edition_desk(self) -> EditionDesk:
        """Where editors see and change editions; it remembers what it compiled, so keep it."""
        from digest.tasks.desk_edits import EditionDesk

        return EditionDesk(self.database, self._recipe_of, self._read_pasted, self.clock)

    def desk_previews(self) -> DeskPreviews:
        """Messages as the newsroom looks at them."""
        from digest.tasks.desk_preview import DeskPreviews

        return DeskPreviews(
            self.database,
            self.settings.site.base_url,
            self.secret,
            self.last_snapshot,
            self.pictures_folder,
            self.clock,
            self._bounce_domain,
        )

    def edition_health(self, number: int) -> list[DeskFinding]:
        """What is unusual about an edition; see `digest.tasks.edition_health`."""
        from digest.tasks.edition_health import edition_health

        max_age = timedelta(minutes=self.settings.market.max_age_minutes)
        return edition_health(self.database, number, self.settings.sources, self.clock(), max_age)

    def desk_report(self, number: int, *, links: bool = True) -> list[DeskFinding]:
        """The check report of an edition; with `links` every link and the DNS are asked, which takes some seconds."""
        from digest.tasks.desk_report import desk_report

        max_age = timedelta(minutes=self.settings.market.max_age_minutes)
        asking = (self._link_checker.check, (self._dns_findings,)) if links else (None, ())
        return desk_report(self.database, number, self.clock(), max_age, *asking)

    def _dns_findings(self) -> list[DeskFinding]:
        """What the DNS says of us; nothing where no mail leaves the machine."""
        from digest.deliver.backends import HARMLESS
        from digest.tasks.desk_report import dns_findings
        from digest.tasks.dns_lookup import Lookup

        if self.settings.delivery.backend in HARMLESS:
            return []
        return dns_findings(self.sending_identity(), Lookup(seconds=2))

    def _recipe_of(self, edition: Edition) -> Recipe:
        newsletter = self.newsletters(edition.newsletter)[0]
        return self._correcting(newsletter) if edition.kind is EditionKind.CORRECTION else self.recipe(newsletter)

    def _correcting(self, newsletter: Newsletter) -> Recipe:
        """What a correction is made with: a look of its own, no sections and no prices, whatever segment it is for."""
        from digest.tasks.create_correction import LOOK

        recipe = self.recipe(replace(newsletter, template=LOOK, sections=(), segment="", subject="edition"))
        return replace(recipe, coins=())

    def create_extra(self, newsletter: Newsletter, articles: Sequence[str], *, who: str, subject: str = "") -> Edition:
        """Prepare an extra edition; see `digest.tasks.create_extra`."""
        from digest.tasks.create_extra import create_extra

        recipe, read = self.recipe(newsletter), self._read_pasted
        return create_extra(self.database, recipe, articles, who=who, now=self.clock(), read_page=read, subject=subject)

    def create_correction(
        self, number: int, text: Sequence[str], *, who: str, article: int | None = None, title: str = ""
    ) -> Edition:
        """Prepare a correction of a sent edition; see `digest.tasks.create_correction`."""
        from digest.tasks.create_correction import create_correction, find_correctable

        corrected = find_correctable(self.database, number)
        recipe = self._correcting(self.newsletters(corrected.newsletter)[0])
        return create_correction(
            self.database, recipe, corrected, text, article=article, title=title, who=who, now=self.clock()
        )

    def recipe(self, newsletter: Newsletter) -> Recipe:
        """What an edition of `newsletter` is made with, by the settings and templates as they are now."""
        from digest.compose.selection import SourceRule
        from digest.render.environment import read_templates
        from digest.tasks.recipe import Recipe

        rules = {
            source.name: SourceRule(
                weight=source.weight, max_items=source.max_items, excerpt_chars=source.excerpt_chars
            )
            for source in self.settings.sources
        }
        return Recipe(
            # The secret's place on this machine is nothing that an edition is made from.
            site=replace(self.settings.site, secret_file=""),
            newsletter=newsletter,
            rules=rules,
            coins=self.settings.market.coins,
            currency=self.settings.market.currency,
            templates=read_templates(newsletter.template, self._own_templates),
            images=self._images(),
            fetch=self._fetch_pictures,
        )

    def newest_edition(self, newsletter: Newsletter) -> int | None:
        """The number of its newest edition, None where there is none."""
        from digest.storage.editions import list_editions

        with self.database.read() as connection:
            found = list_editions(connection, newsletter=newsletter.slug, limit=1)
        return found[0].number if found else None

    def regular_edition(self, newsletter: Newsletter, day: date) -> Edition | None:
        """The regular edition of that day, if there is one."""
        from digest.storage.editions import find_regular_edition

        with self.database.read() as connection:
            return find_regular_edition(connection, newsletter.slug, day)

    def draft(self, newsletter: Newsletter, day: date) -> EditionContent:
        """What the edition of `day` would be made from now; nothing is frozen."""
        from digest.tasks.prepare_edition import draft_of_day

        return draft_of_day(self.database, self.recipe(newsletter), day, self.clock())
