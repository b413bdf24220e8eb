"""What an editor should see before an edition goes out: its articles, subject and prices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from digest.model.article import Article
from digest.model.edition import EditionContent
from digest.model.market import Snapshot
from digest.render.lint.findings import Finding, Level, Place, found

_LONGEST_TITLE = 120
_GOOD_SUBJECT, _LONGEST_SUBJECT = 60, 78
#: What is left in for later -> how sure it is that it was not meant.
_PLACEHOLDERS: tuple[tuple[re.Pattern[str], Level], ...] = (
    (re.compile(r"\blorem ipsum\b", re.IGNORECASE), "error"),
    (re.compile(r"\{\{|\}\}|\{%|%\}"), "error"),
    (re.compile(r"\b(?:TODO|FIXME|XXX+|TBD|PLATZHALTER)\b"), "warning"),
)


def check_edition(content: EditionContent, where: str) -> Iterator[Finding]:
    """The frozen content; `where` is how the edition is named, such as "edition 12"."""
    yield from check_subject(content.subject, Place(where))
    if not content.articles:
        level: Level = "warning" if content.newsletter.empty == "send" else "error"
        yield found("no-articles", Place(where), "", "The edition has no articles.", level=level)
    shown: dict[str, int] = {}
    for number, article in enumerate(content.articles, 1):
        place = Place(f"{where}, article {number}")
        yield from _check_title(article, place, shown, number)
        texts = (article.title, article.kicker, article.lead, article.author, article.image_credit)
        yield from _check_placeholders(texts, place)


def check_subject(subject: str, place: Place) -> Iterator[Finding]:
    """The subject as everybody gets it."""
    if not subject.strip():
        yield found("empty-subject", place, subject, "The subject is empty.")
    elif len(subject) > _LONGEST_SUBJECT:
        problem = f"The subject has {len(subject)} characters; beyond {_LONGEST_SUBJECT} most programs cut it."
        yield found("subject", place, subject, problem, level="error")
    elif len(subject) > _GOOD_SUBJECT:
        problem = f"The subject has {len(subject)} characters; phones show about {_GOOD_SUBJECT}."
        yield found("subject", place, subject, problem)
    yield from _check_placeholders((subject,), place)


def check_prices(
    content: EditionContent, snapshot: Snapshot | None, max_age: timedelta, now: datetime, where: str
) -> Iterator[Finding]:
    """Whether there are prices for the edition's coins that are young enough to be shown."""
    if not content.coins:
        return
    place = Place(where)
    if snapshot is None:
        yield found("missing-prices", place, ", ".join(content.coins), "There are no prices at all.")
        return
    missing = [coin for coin in content.coins if snapshot.quote(coin) is None]
    if missing:
        yield found("missing-prices", place, ", ".join(missing), "There is no price for some of the coins.")
    if now - snapshot.taken_at > max_age:
        taken = f"{snapshot.taken_at.astimezone(content.site.zone):%Y-%m-%d %H:%M}"
        problem = f"The newest prices are of {taken}, older than max_age_minutes."
        yield found("missing-prices", place, taken, problem)


def check_credits(articles: Iterable[Article], html: str, where: str) -> Iterator[Finding]:
    """Pictures that the rendered edition shows without naming who made them. `html` is unescaped."""
    for number, article in enumerate(articles, 1):
        if article.image_url and article.image_url in html and not article.image_credit.strip():
            problem = "Its picture is shown without a credit."
            yield found("missing-credit", Place(f"{where}, article {number}"), article.title, problem)


def _check_title(article: Article, place: Place, shown: dict[str, int], number: int) -> Iterator[Finding]:
    title = article.title.strip()
    if not title:
        yield found("empty-title", place, article.url or "", "The article has no title.")
        return
    if len(title) > _LONGEST_TITLE:
        problem = f"The title has {len(title)} characters; {_LONGEST_TITLE} are much already."
        yield found("long-title", place, title, problem)
    same = re.sub(r"[\W_]+", " ", title).strip().casefold()
    if same in shown:
        yield found("duplicate-headline", place, title, f"Article {shown[same]} has the same headline.")
    shown.setdefault(same, number)


def _check_placeholders(texts: Iterable[str], place: Place) -> Iterator[Finding]:
    for text in texts:
        for pattern, level in _PLACEHOLDERS:
            if match := pattern.search(text):
                yield found("placeholder", place, text, f"{match[0]!r} looks as if it was left in.", level=level)
