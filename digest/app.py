"""The one place where parts are wired together: settings in, tasks ready to be called out.

Every heavy room is imported by the method that needs it, so that a small command stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from digest.config import Settings, load_settings
from digest.errors import HeldBackError, NotFoundError, SettingsError
from digest.links import Links
from digest.model.delivery import Message
from digest.model.edition import EditionKind
from digest.model.market import Snapshot
from digest.model.newsletter import Newsletter
from digest.storage.database import Database, open_database
from digest.storage.secret import read_secret

if TYPE_CHECKING:
    from digest.deliver.base import Backend
    from digest.deliver.dkim import Signer
    from digest.gather.base import Context
    from digest.gather.link_check import LinkChecker
    from digest.gather.settings import SourceSettings
    from digest.model.article import Article
    from digest.model.bounces import IngestReport, MailReport
    from digest.model.desk import DeskFinding
    from digest.model.edition import Edition, EditionContent
    from digest.render.letterhead import LetterName
    from digest.tasks.alerts import Alarm
    from digest.tasks.backup import BackupReport, Places
    from digest.tasks.bounce_mailboxes.base import Mailbox
    from digest.tasks.deliver_webhooks import WebhookReport
    from digest.tasks.desk import Desk
    from digest.tasks.desk_edits import EditionDesk
    from digest.tasks.desk_preview import DeskPreviews
    from digest.tasks.dns_check import Sending
    from digest.tasks.fetch_pictures import Mode, PicturesReport
    from digest.tasks.forget_person import ForgottenReport
    from digest.tasks.gather_articles import SourceReport
    from digest.tasks.post_message import Answer, Poster
    from digest.tasks.prepare_edition import PrepareReport
    from digest.tasks.prune import PruneReport
    from digest.tasks.purge import PurgeReport
    from digest.tasks.reader_requests import ReaderRequests
    from digest.tasks.recipe import Recipe
    from digest.tasks.send_edition import Sender
    from digest.tasks.send_letter import Letters
    from digest.tasks.send_test import TrialReport
    from digest.tasks.sending_status import EditionStatus
    from digest.tasks.take_snapshot import SnapshotReport
    from digest.tasks.try_url import TriedUrl
    from subscribers.import_undo import UndoReport

#: A snapshot this young serves for sending; an older one is taken anew.
_FRESH = timedelta(minutes=5)
#: Where nobody gives new prices, older ones are shown, and said to be old, up to this age.
_OLDEST = timedelta(hours=24)
#: How old an edition may be that is still sent to those who were entered into its ledger afterwards.
_LATE = timedelta(days=14)


def system_clock() -> datetime:
    return datetime.now(UTC)


class App:
    """The product for one settings file. Nothing is opened before it is needed; `close` lets go of it all."""

    def __init__(
        self,
        settings: Settings,
        *,
        path: Path = Path("config.toml"),
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], datetime] = system_clock,
        backend: Backend | None = None,
    ) -> None:
        """`backend` is used instead of the settings' own; every other part is made from `settings`."""
        self.settings, self.path, self.environ, self.clock, self._backend = settings, path, environ, clock, backend

    def close(self) -> None:
        if "database" in self.__dict__:
            self.database.close()

    def reload_settings(self) -> None:
        """Take over the settings as they are now; whatever has begun goes on with those that it began with.

        Raises SettingsError; then the old ones stay.
        """
        settings = load_settings(self.path, self.environ)
        candidate = App(settings, path=self.path, environ=self.environ, backend=self._backend)
        with suppress(HeldBackError):
            candidate.backend()
            candidate._signer()
        if settings.database.url != self.settings.database.url:
            raise SettingsError("database.url", "changes only when the program is started anew", str(self.path))
        self.settings = settings
        for made_from_settings in ("secret", "links", "desk", "_fetch_once"):
            self.__dict__.pop(made_from_settings, None)

    @cached_property
    def database(self) -> Database:
        return open_database(self.settings.database.url, durability=self.settings.delivery.durability)

    @cached_property
    def secret(self) -> bytes:
        return read_secret(Path(self.settings.site.secret_file))

    @cached_property
    def links(self) -> Links:
        return Links(self.settings.site.base_url, self.secret)

    @cached_property
    def desk(self) -> Desk:
        """What readers' requests, and letters to them, are made with."""
        from digest.tasks.desk import Desk

        settings = self.settings
        said = [topic for source in settings.sources for topic in source.topics]
        said += [topic for newsletter in settings.newsletters for part in newsletter.sections for topic in part.topics]
        return Desk(
            database=self.database,
            secret=self.secret,
            links=self.links,
            site=settings.site,
            newsletters=settings.newsletters,
            privacy=settings.privacy,
            letters=self._letters(),
            topics=tuple(dict.fromkeys(topic.lower() for topic in [*said, *settings.topics.values()])),
            coins=settings.market.coins,
            clock=self.clock,
            own_templates=self._own_templates,
            outbox=Path(settings.delivery.path),
            reports=self.imports_folder,
        )

    def _letters(self) -> Letters:
        from digest.tasks.send_letter import Letters

        market = self.settings.market
        return Letters(
            # The secret's place on this machine is nothing that a letter is made from.
            replace(self.settings.site, secret_file=""),
            self.links,
            self.settings.privacy,
            self._letter_templates,
            coins=market.coins,
            currency=market.currency,
        )

    def _letter_templates(self, name: LetterName) -> dict[str, str]:
        from digest.render.environment import read_templates
        from digest.render.letterhead import FOLDER

        return read_templates(f"{FOLDER}/{name}", self._own_templates)

    @property
    def _own_templates(self) -> Path | None:
        """The operator's own folder of templates. Raises SettingsError where it is not there."""
        folder = self.settings.templates.path
        if folder and not Path(folder).is_dir():
            raise SettingsError("templates.path", f"there is no folder {folder}", str(self.path))
        return Path(folder) if folder else None

    def forget(self, address: str, *, who: str, source: str) -> ForgottenReport:
        """Erase whoever has that address; `source` says whose wish it is, and names nobody."""
        from digest.tasks.forget_person import forget_address

        return forget_address(self.desk, address, who=who, source=source)

    def export_person(self, address: str) -> dict[str, Any]:
        """Everything that is kept about whom that address names. Raises UnknownSubscriberError."""
        from digest.tasks.export_person import export_person
        from subscribers.repository import get_subscriber

        with self.database.read() as connection:
            person = get_subscriber(connection, address, secret=self.secret)
            return export_person(connection, person, secret=self.secret, now=self.clock())

    def ask_pending(self) -> int:
        """Queue confirmation letters to everybody who is pending and was not asked yet; how many."""
        from digest.tasks.ask_pending import ask_pending

        return ask_pending(self.desk)

    def purge(self) -> PurgeReport:
        """Delete what the [privacy] settings say is to go."""
        from digest.tasks.purge import purge

        return purge(self.database, self.settings.privacy, self.clock())

    def reader_requests(self) -> ReaderRequests:
        """What the public pages can ask for."""
        from digest.tasks.reader_requests import ReaderRequests

        return ReaderRequests(self.desk)

    def today(self) -> date:
        """The day it is where the site is."""
        return self.clock().astimezone(self.settings.site.zone).date()

    def newsletters(self, slug: str = "") -> list[Newsletter]:
        """The one named `slug`, or all. Raises NotFoundError."""
        found = [newsletter for newsletter in self.settings.newsletters if slug in ("", newsletter.slug)]
        if not found:
            raise (
                NotFoundError("newsletter", slug, f"in {self.path}")
                if slug
                else NotFoundError("newsletter", "at all", f"in {self.path}; add a [[newsletters]] table")
            )
        return found

    def sources(self, name: str = "") -> list[SourceSettings]:
        """The one named `name`, or all. Raises NotFoundError."""
        found = [source for source in self.settings.sources if name in ("", source.name)]
        if not found and name:
            raise NotFoundError("source", name, f"in {self.path}")
        return found

    def sources_of(self, newsletters: Sequence[Newsletter]) -> list[SourceSettings]:
        """The sources that these newsletters use, each once, in the order of the settings."""
        wanted = {name for newsletter in newsletters for name in newsletter.sources}
        everything = any(not newsletter.sources for newsletter in newsletters)
        return [source for source in self.settings.sources if everything or source.name in wanted]

    def gather(
        self, sources: Sequence[SourceSettings], day: date, on_source: Callable[[str], None] = lambda _name: None
    ) -> list[SourceReport]:
        from digest.tasks.gather_articles import gather_articles

        with self._context(day) as context:
            return gather_articles(self.database, sources, self.settings.topics, context, on_source)

    def try_source(self, source: SourceSettings) -> list[Article]:
        """What a source gives now, without keeping it. Raises SourceError."""
        from digest.gather.collect import gather_source

        with self._context(self.today()) as context:
            return gather_source(source, self.settings.topics, context)

    def try_url(self, url: str) -> TriedUrl:
        """What an address would give as a source, without keeping it. Raises UsageError, SourceError."""
        from digest.tasks.try_url import try_url

        taken = [source.name for source in self.settings.sources]
        with self._context(self.today()) as context:
            return try_url(url, self.settings.topics, taken, context)

    @contextmanager
    def _context(self, day: date) -> Iterator[Context]:
        """What sources may use; answers that they gave before are kept beside the database, for 304s."""
        from digest.gather.base import Context
        from digest.gather.fetch import Fetcher

        file = self.database.file
        with Fetcher(self.settings.gather, cache=file.with_name("http-cache.db") if file else None) as fetcher:
            yield Context(fetcher=fetcher, now=self.clock(), day=day, zone=self.settings.site.zone)

    def snapshot(self) -> SnapshotReport:
        from digest.market.providers import make_providers
        from digest.tasks.take_snapshot import take_snapshot

        market = self.settings.market
        providers = make_providers(market, self.environ)
        return take_snapshot(self.database, providers, market.coins, market.currency, self.clock())

    def prices(self) -> Snapshot | None:
        """The prices to send with: a fresh snapshot, else a new one, else the last one of 24 hours, marked as stale."""
        last, now, market = self.last_snapshot(), self.clock(), self.settings.market
        if last is not None and not (
            # Of other settings, or from before the clock was set back.
            all(quote.currency == market.currency for quote in last.quotes) and last.taken_at <= now
        ):
            last = None
        if last is not None and now - last.taken_at <= _FRESH and all(last.quote(coin) for coin in market.coins):
            return self._marked(last)
        taken = self.snapshot().snapshot or last
        return self._marked(taken) if taken and now - taken.taken_at <= _OLDEST else None

    def last_snapshot(self) -> Snapshot | None:
        """The newest one, however old; marked as stale where it is older than usual."""
        from digest.storage.snapshots import latest_snapshot

        with self.database.read() as connection:
            found = latest_snapshot(connection)
        return self._marked(found) if found else None

    def _marked(self, snapshot: Snapshot) -> Snapshot:
        oldest = min((quote.at for quote in snapshot.quotes), default=snapshot.taken_at)
        usual = timedelta(minutes=self.settings.market.max_age_minutes)
        return replace(snapshot, stale=self.clock() - oldest > usual)

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

    def sending_identity(self) -> Sending:
        """How mail leaves, as the DNS knows it. Raises SettingsError for a DKIM key that cannot be used."""
        from digest.tasks.sending_identity import describe_sending

        return describe_sending(self.settings.delivery, self.settings.dkim, self.header_senders, str(self.path))

    @cached_property
    def _link_checker(self) -> LinkChecker:
        from digest.gather.link_check import LinkChecker

        return LinkChecker(self.settings.gather)

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

    def _read_pasted(self, url: str) -> Article:
        from digest.gather.pasted import read_pasted
        from digest.tasks.draft_edition import NEWSROOM

        with self._context(self.today()) as context:
            return read_pasted(url, context, NEWSROOM)

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

    @property
    def pictures_folder(self) -> Path:
        """Where pictures are kept that the site serves itself: beside the database, or beside the secret."""
        return (self.database.file or Path(self.settings.site.secret_file)).parent / "pictures"

    @property
    def imports_folder(self) -> Path:
        """Where each import's refused rows are kept: beside the database, or beside the secret."""
        return (self.database.file or Path(self.settings.site.secret_file)).parent / "imports"

    @property
    def places(self) -> Places:
        """Where everything is that belongs in a backup."""
        from digest.tasks.backup import Places

        key = self.settings.dkim.key_file
        return Places(
            database=self.database_file,
            secret=Path(self.settings.site.secret_file),
            settings=self.path,
            pictures=(self.database_file or Path(self.settings.site.secret_file)).parent / "pictures",
            dkim_key=Path(key) if key else None,
            templates=self._own_templates,
        )

    @property
    def database_file(self) -> Path | None:
        """The database's file, None for a server's; known without opening it."""
        url, scheme = self.settings.database.url, "sqlite:///"
        return Path(url.removeprefix(scheme)) if url.startswith(scheme) else None

    def backup(self, out: Path | None = None, *, keep: int = 0) -> BackupReport:
        """Back up into `out`, or into the folder backups, where `keep` of the newest stay (0: all of them)."""
        from digest.tasks.backup import make_backup

        return make_backup(self.places, self.clock(), out, keep=keep)

    def prune(self, *, who: str, dry_run: bool = False) -> PruneReport:
        """Delete what [retention] and [privacy] say is to go."""
        from digest.tasks.prune import Folders, prune_all

        file = self.database.file
        folders = Folders(
            pictures=self.pictures_folder,
            imports=self.imports_folder,
            cache=file.with_name("http-cache.db") if file else None,
            beside=self.pictures_folder.parent,
        )
        settings = self.settings
        retention, privacy, newsletters = settings.retention, settings.privacy, settings.newsletters
        return prune_all(
            self.database, folders, retention, privacy, newsletters, who=who, now=self.clock(), dry_run=dry_run
        )

    def undo_import(self, number: int, *, who: str, progress: Callable[[int], None] = lambda _done: None) -> UndoReport:
        """Take an import back. Raises UnknownImportError."""
        from digest.storage.mailed import mailed_among
        from subscribers.import_undo import undo_import

        return undo_import(
            self.database.write, number, in_use=mailed_among, who=who, now=self.clock(), progress=progress
        )

    def _images(self) -> dict[str, Mode]:
        from digest.tasks.draft_edition import NEWSROOM

        by_hand: dict[str, Mode] = {NEWSROOM: "hosted"}
        return by_hand | {source.name: source.images for source in self.settings.sources}

    def _fetch_pictures(self, articles: Sequence[Article], earlier: Sequence[Article]) -> PicturesReport:
        from digest.tasks.fetch_pictures import PicturesReport, fetch_pictures

        if not any(article.image_url for article in articles):
            return PicturesReport()
        from digest.gather.fetch import Fetcher
        from digest.gather.hosted_pictures import host_picture

        folder = self.pictures_folder
        with Fetcher(self.settings.gather) as fetcher:
            host = partial(host_picture, fetcher=fetcher, folder=folder)
            return fetch_pictures(articles, self._images(), earlier, host, self.links.picture_url)

    def backend(self) -> Backend:
        """A new one for each run, since what a backend learns (a relay that is out) is good for one run only.

        Raises SettingsError for an unknown one, HeldBackError where the imprint is still the sample.
        """
        from digest.deliver.backends import make_backend

        if self._backend is not None:
            return self._backend
        delivery, site = self.settings.delivery, self.settings.site
        return make_backend(delivery, self.environ, sample_imprint=site.sample_imprint, where=str(self.path))

    @property
    def _bounce_domain(self) -> str:
        """Where bounces go, each to an address of its own; "" where the envelope sender is always the same."""
        delivery = self.settings.delivery
        return delivery.bounce_domain if delivery.envelope == "verp" else ""

    def check_backend(self) -> None:
        """Raises SettingsError for a backend that cannot be made; whether it may send is asked when it is due."""
        with suppress(HeldBackError):
            self.backend()

    def sender(self) -> Sender:
        """Raises what `backend` raises."""
        from digest.tasks.send_edition import Sender
        from digest.tasks.sending_run import Rules

        return Sender(
            self.database,
            self.backend(),
            self.links,
            self.clock,
            Rules(
                bounce_domain=self._bounce_domain,
                on_unknown=self.settings.delivery.on_unknown,
                domain_limits=self.settings.delivery.domain_limits,
                signer=self._signer(),
            ),
        )

    def _signer(self) -> Signer | None:
        """Raises SettingsError for a key that cannot be used."""
        if not self.settings.dkim.domain or getattr(self.backend(), "signs", False):
            return None
        from digest.deliver.dkim_keys import check_alignment, load_signer

        check_alignment(self.settings.dkim, self.header_senders, str(self.path))
        return load_signer(self.settings.dkim, str(self.path))

    @property
    def header_senders(self) -> dict[str, str]:
        """Setting -> address, for everything that may stand in From."""
        own = {f"newsletters.{each.slug}.sender": each.sender for each in self.settings.newsletters if each.sender}
        return {"site.sender": self.settings.site.sender} | own

    def send_test(self, number: int, addresses: Sequence[str]) -> list[TrialReport]:
        """Send a prepared edition, marked as a test, to these addresses; the ledger knows nothing of it."""
        from digest.tasks.send_test import send_test

        return send_test(
            self.database,
            self.backend(),
            self.links,
            number,
            addresses,
            self.last_snapshot(),
            self.secret,
            self.clock(),
            self._signer(),
        )

    def queue_again(self, number: int, address: str) -> None:
        """Queue a sent edition once more for one person."""
        from digest.tasks.send_again import queue_again

        queue_again(self.database, number, address, self.secret, self.clock())

    def waiting_letters(self) -> list[int]:
        """The numbers of the letters that somebody waits for."""
        from digest.storage.letters import letters_due

        with self.database.read() as connection:
            return letters_due(connection)

    def waiting_late(self) -> list[int]:
        """The numbers of the sent editions of the last days that somebody waits for: newcomers, and repeats by hand."""
        from digest.storage.late_editions import late_editions_due

        with self.database.read() as connection:
            return late_editions_due(connection, self.today() - _LATE)

    def sending_status(self, number: int | None = None, newsletter: str = "") -> list[EditionStatus]:
        """How sending stands: of one edition, or of the newest and unfinished ones. Raises NotFoundError."""
        from digest.tasks.sending_status import sending_status

        newest_of = [each.slug for each in self.newsletters(newsletter)]
        return sending_status(self.database, self.clock(), newest_of=newest_of, newsletter=newsletter, number=number)

    def unfinished_days(self, newsletter: Newsletter) -> list[date]:
        """The days whose edition is being sent or was broken off."""
        from digest.storage.editions import unfinished_days

        with self.database.read() as connection:
            return unfinished_days(connection, newsletter.slug)

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

    def count_recipients(self, newsletter: Newsletter) -> int:
        """How many people its lists and its segment come to. Raises UnknownListError, UnknownSegmentError."""
        from subscribers.recipients import count_recipients
        from subscribers.segment_store import clause_of_segment

        with self.database.read() as connection:
            segment = clause_of_segment(connection, newsletter.segment, zone=self.settings.site.zone)
            return count_recipients(connection, newsletter.lists, segment=segment)

    def preview(self, number: int, address: str) -> Message:
        from digest.tasks.preview_message import preview_message

        return preview_message(
            self.database,
            number,
            address,
            self.secret,
            self.links,
            self.last_snapshot(),
            self.clock(),
            self._bounce_domain,
        )

    def ingest_bounce(self, raw: bytes, file: str, *, dry_run: bool = False) -> MailReport:
        """Take in one mail that came back; `file` names it in the report."""
        from digest.tasks.forward_reply import Forwarder
        from digest.tasks.ingest_bounces import ingest_mail

        forward = Forwarder(self.desk, self.settings.bounces, self.backend)
        return ingest_mail(self.desk, self.settings.bounces, raw, file, forward=forward, dry_run=dry_run)

    def receive_bounces(self, provider: str, body: bytes) -> list[MailReport]:
        """Take in a notification by a mail service's webhook; see `digest.tasks.receive_bounces`."""
        from digest.tasks.receive_bounces import receive_bounces

        return receive_bounces(self.desk, self.settings.bounces, provider, body, self._fetch_once)

    @cached_property
    def _fetch_once(self) -> Callable[[str], bytes]:
        """Reads small documents that do not change, such as certificates; the newest are kept."""
        from digest.gather.fetch import Fetcher

        def fetch(url: str) -> bytes:
            with Fetcher(self.settings.gather) as fetcher:
                return fetcher.get(url).content

        return lru_cache(maxsize=8)(fetch)

    def bounce_mailbox(self) -> Mailbox:
        """The mailbox of [bounces]. Raises SettingsError where none is named, or its password is not there."""
        from digest.tasks.bounce_mailboxes.named import open_mailbox

        return open_mailbox(self.settings.bounces, self.environ, str(self.path))

    def ingest_waiting_bounces(self) -> IngestReport | None:
        """Count what servers refused of late, and take in what waits in the mailbox of [bounces].

        None where the settings name no mailbox.
        """
        from digest.tasks.count_rejections import count_rejections
        from digest.tasks.watch_bounces import ingest_waiting

        count_rejections(self.desk, self.settings.bounces)
        if not (self.settings.bounces.maildir or self.settings.bounces.imap_host):
            return None
        mailbox = self.bounce_mailbox()
        try:
            return ingest_waiting(mailbox, self.ingest_bounce)
        finally:
            mailbox.close()

    def deliver_webhooks(self, only: int | None = None) -> list[WebhookReport]:
        """One turn for every outgoing webhook that has something to be told, or for the one numbered `only`."""
        from digest.tasks.deliver_webhooks import deliver_webhooks

        with self._poster() as poster:
            return deliver_webhooks(self.database, poster, self.clock, only=only)

    def test_webhook(self, number: int) -> Answer:
        """Send a webhook a message of type "test". Raises NotFoundError."""
        from digest.tasks.deliver_webhooks import send_test

        with self._poster() as poster:
            return send_test(self.database, poster, number, self.clock())

    def alarm(self) -> Alarm:
        """What tells people in charge that an edition does not go out."""
        from digest.tasks.alert_ways import AlertWay, Heartbeat, MailWay, WebhookWay
        from digest.tasks.alerts import Alarm

        settings, alerts = self.settings, self.settings.alerts
        ways: list[AlertWay] = []
        if alerts.addresses:
            ways.append(MailWay(settings.site, alerts.addresses, self._alert_backend, self._signer))
        if alerts.webhook_url:
            ways.append(WebhookWay(settings.site, alerts.webhook_url, self._poster))
        heartbeat = Heartbeat(alerts.heartbeat_url, self._poster) if alerts.heartbeat_url else None
        zone = settings.site.zone
        return Alarm(self.database, settings.newsletters, settings.sources, zone, self.clock, ways, heartbeat)

    def _alert_backend(self) -> Backend:
        """The way out of alerts. An imprint protects readers; alerts need none."""
        from digest.deliver.backends import make_backend
        from digest.deliver.session import Timeouts
        from digest.deliver.smtp import SmtpBackend

        delivery = self.settings.delivery
        relay = self.settings.alerts.find_relay(delivery.relays)
        if relay is not None:
            hasty = Timeouts(greeting=20, command=20, data=20, body=60, patience=5)
            return SmtpBackend(replace(delivery, backend="smtp", relays=(relay,)), self.environ, timeouts=hasty)
        return self._backend or make_backend(delivery, self.environ, sample_imprint=False, where=str(self.path))

    def was_reminded(self, number: int) -> bool:
        """Whether editors got the reminder of that edition."""
        from digest.tasks.remind_editors import was_reminded

        return was_reminded(self.database, number)

    def remind_editors(self, number: int) -> bool:
        """Mail a prepared edition to editors, to be approved or changed; whether there is anybody to mail it to."""
        from digest.tasks.notice import send_notices
        from digest.tasks.remind_editors import remind_editors
        from digest.tasks.send_test import trial_messages

        def previews(addresses: Sequence[str]) -> list[Message]:
            now, snapshot = self.clock(), self.last_snapshot()
            return trial_messages(self.database, self.links, number, addresses, snapshot, self.secret, now)

        def send(messages: Sequence[Message]) -> list[str]:
            return send_notices(self.backend(), messages, self._signer())

        return remind_editors(self.database, number, previews, self.settings.alerts.addresses, send, self.clock())

    def _poster(self) -> Poster:
        from digest.tasks.post_message import Poster

        return Poster(self.settings.gather.allow_networks, self.settings.gather.user_agent)


def open_app(path: Path, environ: Mapping[str, str] = os.environ) -> App:
    """The app for the settings at `path`. Raises SettingsError."""
    return App(load_settings(path, environ), path=path, environ=environ)
