"""Reading sources and prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from digest.app.ground import Ground
from digest.model.market import Snapshot

if TYPE_CHECKING:
    from digest.gather.base import Context
    from digest.gather.link_check import LinkChecker
    from digest.gather.settings import SourceSettings
    from digest.model.article import Article
    from digest.tasks.fetch_pictures import Mode, PicturesReport
    from digest.tasks.gather_articles import SourceReport
    from digest.tasks.post_message import Poster
    from digest.tasks.take_snapshot import SnapshotReport
    from digest.tasks.try_url import TriedUrl

#: A snapshot this young serves for sending; an older one is taken anew.
_FRESH = timedelta(minutes=5)
#: Where nobody gives new prices, older ones are shown, and said to be old, up to this age.
_OLDEST = timedelta(hours=24)


class Gathering(Ground):
    """Adds what is read from elsewhere."""

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

    def _read_pasted(self, url: str) -> Article:
        from digest.gather.pasted import read_pasted
        from digest.tasks.draft_edition import NEWSROOM

        with self._context(self.today()) as context:
            return read_pasted(url, context, NEWSROOM)

    @cached_property
    def _fetch_once(self) -> Callable[[str], bytes]:
        """Reads small documents that do not change, such as certificates; the newest are kept."""
        from digest.gather.fetch import Fetcher

        def fetch(url: str) -> bytes:
            with Fetcher(self.settings.gather) as fetcher:
                return fetcher.get(url).content

        return lru_cache(maxsize=8)(fetch)

    def _poster(self) -> Poster:
        from digest.tasks.post_message import Poster

        return Poster(self.settings.gather.allow_networks, self.settings.gather.user_agent)

    @cached_property
    def _link_checker(self) -> LinkChecker:
        from digest.gather.link_check import LinkChecker

        return LinkChecker(self.settings.gather)
