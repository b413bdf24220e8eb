"""One subscriber's own edition: own topics first, own limit, own coins in own order, own greeting."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache, partial

from digest import german
from digest.compose.sections import section_of
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent
from digest.model.market import COIN_NAMES, Snapshot
from subscribers.model import Subscriber

#: Characters of a subject that every mail program shows.
_SUBJECT = 60


def choose_articles(
    content: EditionContent, topics: tuple[str, ...], limit: int | None, seen: Collection[int] = ()
) -> bytes:
    """The numbers of the chosen articles, one octet each, in the order in which this recipient reads them.

    The editor's pins come first and always. Of the others, without those that the recipient has `seen` in another
    newsletter, own topics come first, otherwise the edition's order rules, until `limit` is reached. The first of all
    leads; behind it the newsletter's sections keep together.
    """
    wanted = {topic.casefold() for topic in topics}
    pinned = list(range(content.pinned))
    fresh = [number for number in range(content.pinned, len(content.articles)) if number not in seen]
    own = [n for n in fresh if wanted.intersection(topic.casefold() for topic in content.articles[n].topics)]
    others = [number for number in fresh if number not in set(own)]
    chosen = (pinned + own + others)[: max(limit or content.newsletter.max_articles, content.pinned)]
    return bytes(chosen[:1] + sorted(chosen[1:], key=lambda number: section_of(content, number)))


def choose_coins(content: EditionContent, coins: tuple[str, ...]) -> tuple[str, ...]:
    """Own coins in own order, as far as the site has them; without a wish, the site's."""
    if not coins:
        return content.coins
    return tuple(dict.fromkeys(coin for coin in coins if coin in content.coins))


class Composer:
    """Composes the recipients of one edition; people of the same wishes share the work.

    `snapshot` is the one that the edition is sent with, for personal subjects.
    """

    def __init__(self, content: EditionContent, snapshot: Snapshot | None = None) -> None:
        self._content, self._snapshot = content, snapshot
        self._opening = german.opening(content.at.astimezone(content.site.zone).time())
        self._articles = lru_cache(maxsize=1024)(partial(choose_articles, content))
        self._coins = lru_cache(maxsize=1024)(partial(choose_coins, content))

    def compose(self, subscriber: Subscriber, seen: Collection[int] = ()) -> Recipient:
        """Everything of `subscriber` that their message needs, to be frozen in the ledger; `seen` as for articles."""
        content = self._content
        form = subscriber.form or content.site.form
        choice = self._articles(subscriber.topics, subscriber.max_articles, frozenset(seen))
        coins = self._coins(subscriber.coins)
        return Recipient(
            address=subscriber.email,
            handle=subscriber.handle,
            name=" ".join(filter(None, (subscriber.first_name, subscriber.last_name))),
            form=form,
            greeting=german.greeting(
                self._opening,
                form,
                first_name=subscriber.first_name,
                last_name=subscriber.last_name,
                title=subscriber.title,
                salutation=subscriber.salutation,
            ),
            subject=choose_subject(content, choice, coins, self._snapshot),
            choice=choice,
            coins=coins,
            topics=subscriber.topics,
        )


def choose_subject(
    content: EditionContent, choice: bytes, coins: tuple[str, ...] = (), snapshot: Snapshot | None = None
) -> str:
    """The edition's subject; with `subject = "personal"` the recipient's own first headline and coin, in 60 characters.

    The editor's words win over both.
    """
    if content.extras.subject or content.newsletter.subject == "edition" or not choice:
        return content.subject
    quote = snapshot.quote(coins[0]) if snapshot and coins else None
    change = german.percent(quote.change_24h) if quote else german.MISSING
    coin = "" if change == german.MISSING or quote is None else f" · {COIN_NAMES.get(quote.coin, quote.coin)} {change}"
    return _shorten(content.articles[choice[0]].title, _SUBJECT - len(coin)) + coin


def _shorten(title: str, length: int) -> str:
    return title if len(title) <= length else title[: length - 2].rsplit(" ", 1)[0].rstrip(" ,;:–-") + " …"
