"""One subscriber's own edition: own topics first, own limit, own coins in own order, own greeting."""

from __future__ import annotations

from digest import german
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent
from subscribers.model import Subscriber

_SUBJECT = 60


def choose_articles(content: EditionContent, topics: tuple[str, ...], limit: int | None) -> bytes:
    """The numbers of the chosen articles, one octet each: own topics first, otherwise in the edition's order."""
    wanted = {topic.casefold() for topic in topics}
    numbers = range(len(content.articles))
    own = [n for n in numbers if wanted.intersection(topic.casefold() for topic in content.articles[n].topics)]
    others = [number for number in numbers if number not in set(own)]
    return bytes((own + others)[: limit or content.newsletter.max_articles])


def choose_coins(content: EditionContent, coins: tuple[str, ...]) -> tuple[str, ...]:
    """Own coins in own order, as far as the site has them; without a wish, the site's."""
    if not coins:
        return content.coins
    return tuple(dict.fromkeys(coin for coin in coins if coin in content.coins))


def compose_recipient(content: EditionContent, subscriber: Subscriber) -> Recipient:
    """Everything of `subscriber` that their message needs, to be frozen in the ledger."""
    form = subscriber.form or content.site.form
    choice = choose_articles(content, subscriber.topics, subscriber.max_articles)
    return Recipient(
        address=subscriber.email,
        handle=subscriber.handle,
        name=" ".join(filter(None, (subscriber.first_name, subscriber.last_name))),
        form=form,
        greeting=german.greeting(
            german.opening(content.at.astimezone(content.site.zone).time()),
            form,
            first_name=subscriber.first_name,
            last_name=subscriber.last_name,
            title=subscriber.title,
            salutation=subscriber.salutation,
        ),
        subject=choose_subject(content, choice),
        choice=choice,
        coins=choose_coins(content, subscriber.coins),
    )


def choose_subject(content: EditionContent, choice: bytes) -> str:
    """The edition's subject, or with `subject = "personal"` the recipient's own first headline, cut at a word."""
    if content.newsletter.subject == "edition" or not choice:
        return content.subject
    title = content.articles[choice[0]].title
    return title if len(title) <= _SUBJECT else title[: _SUBJECT - 2].rsplit(" ", 1)[0].rstrip(" ,;:–-") + " …"
