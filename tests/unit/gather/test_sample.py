"""The sample articles: marked, well set, and news at every hour."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.gather.base import Context, make_source
from digest.gather.fetch import Fetcher
from digest.gather.sample import SITE, Sample, read_samples
from digest.gather.settings import GatherSettings, SourceSettings
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")
FETCHER = Fetcher(GatherSettings())


def gather(name: str, day: date = date(2025, 10, 17)) -> list[Article]:
    context = Context(fetcher=FETCHER, now=datetime(2025, 10, 17, 4, tzinfo=UTC), day=day, zone=BERLIN)
    return list(make_source(SourceSettings(name=name, type="sample")).articles(context))


def test_a_source_named_after_a_group_has_that_group() -> None:
    groups = {name: gather(name) for name in ("Politik", "Wirtschaft", "Kultur")}
    assert all(len(articles) >= 4 for articles in groups.values())
    assert sum(map(len, groups.values())) == len(gather("Alles")) == len(read_samples()) >= 12
    assert not {a.url for a in groups["Politik"]} & {a.url for a in groups["Kultur"]}


@given(st.dates(date(2000, 1, 3), date(2090, 1, 1)), st.times())
def test_at_any_time_of_any_day_there_is_news_and_none_of_it_from_the_future(day: date, clock: time) -> None:
    at = datetime.combine(day, clock.replace(second=0, microsecond=0), BERLIN)
    articles = gather("Alles", day)
    inside = [
        article for article in articles if article.published and at - timedelta(hours=24) <= article.published < at
    ]
    early = clock < time(18)
    assert (len(inside) == len(articles)) if early and clock > time(0) else inside or clock < time(0, 1)
    assert articles == sorted(articles, key=lambda article: article.published or at, reverse=True)


def test_every_day_has_its_own_addresses() -> None:
    today, tomorrow = gather("Alles"), gather("Alles", date(2025, 10, 18))
    assert not {article.url for article in today} & {article.url for article in tomorrow}
    assert len({article.url for article in today}) == len(today)


def test_they_are_marked_as_samples() -> None:
    for article in gather("Alles"):
        assert article.site == SITE
        assert "Muster" in article.site
        assert article.url is not None
        assert article.url.startswith("https://beispiel.example/")


@pytest.mark.parametrize("sample", read_samples(), ids=lambda sample: sample.slug)
def test_they_are_set_as_a_copy_editor_would(sample: Sample) -> None:
    assert not sample.title.endswith(".")
    assert sample.lead.endswith((".", "?", "“."))
    assert 3 <= len(sample.body) <= 6
    for text in (sample.title, sample.kicker, sample.lead, *sample.body, *sample.related):
        assert not re.search(r"""["']|\.\.\.|\s-\s|\s{2}|[„“]\s*$(?<!“)""", text), text
        assert text.count("„") == text.count("“"), text


def test_they_show_what_an_article_can_have() -> None:
    articles = gather("Alles")
    for has in ("kicker", "image_credit", "related", "paid", "coins"):
        assert any(getattr(article, has) for article in articles), has
        assert not all(getattr(article, has) for article in articles), has
    assert any(" und " in article.author for article in articles)
    assert {topic for article in articles for topic in article.topics} >= {"politik", "wirtschaft", "krypto", "technik"}
