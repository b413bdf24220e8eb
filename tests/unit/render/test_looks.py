"""The looks brief and weekly: the same contract as daily, in both forms of address."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, get_args

import lxml.html
import pytest
from msgspec.structs import replace

from digest import german
from digest.model.article import Article
from digest.model.edition import EditionContent
from digest.model.extras import Advertisement, Appointment, EditorLetter, Extras, NumberedList
from digest.model.newsletter import Brand
from digest.model.site import Form
from digest.render.compiling import compile_subject
from digest.render.environment import read_templates
from digest.render.lint.look import check_look
from digest.render.variables import days_looked_back
from tests.unit.render.made_up import (
    BERLIN,
    NOW,
    article,
    assembler,
    content,
    newsletter,
    parts,
    recipient,
    shipped,
    snapshot,
)

LOOKS = ("brief", "weekly")
FORMS: tuple[Form, ...] = get_args(Form)
GREETINGS = {"Sie": "Guten Abend, Frau Dr. Weber,", "du": "Guten Abend!"}
SUNDAY = datetime(2026, 11, 22, 18, 0, tzinfo=BERLIN)
TITLES = ("Bundestag streitet über Netzentgelte", "Brauereien schließen sich zusammen", "Das Wahlalter sinkt")
SIE = re.compile(r"\b(Sie|Ihnen|Ihre?[nmrs]?)\b")
DU = re.compile(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]eine?[nmrs]?)\b")


@lru_cache(maxsize=8)
def templates(look: str) -> dict[str, str]:
    return shipped() if look == "daily" else read_templates(look, None)


def of_the_week(count: int, **changes: Any) -> tuple[Article, ...]:
    """Articles of seven days, the newest first; the second is a paid one."""
    return tuple(
        article(
            number,
            **{
                "title": f"{TITLES[number % 3]} {number or ''}".strip(),
                "published": SUNDAY - timedelta(days=number % 7, hours=1),
                "paid": number == 1,
                **changes,
            },
        )
        for number in range(count)
    )


def edition(look: str, articles: tuple[Article, ...] | int = 3, **changes: Any) -> EditionContent:
    wanted = of_the_week(articles) if isinstance(articles, int) else articles
    told = {"template": look, "lookback_hours": 168, "max_articles": 20} | changes
    return content(wanted, newsletter=newsletter(**told), date=SUNDAY.date(), at=SUNDAY, templates=templates(look))


def both(made: EditionContent, form: Form = "Sie", **changes: Any) -> tuple[str, str]:
    """The text and the HTML of a message with every article of `made`."""
    told = {"choice": bytes(range(len(made.articles))), "form": form, "greeting": GREETINGS[form]} | changes
    return parts(assembler(made, snapshot()).message(recipient(**told), NOW))


def shown(html: str) -> str:
    """What a reader sees of a page, with single spaces."""
    body = lxml.html.fromstring(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)).body
    return " ".join(" ".join(body.itertext()).split())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("look", LOOKS)
def test_both_parts_carry_the_same_news_in_the_same_order(look: str, form: Form) -> None:
    made = edition(look)
    text, html = both(made, form, choice=b"\2\0\1")
    page = lxml.html.fromstring(html)
    order = [TITLES[0], f"{TITLES[1]} 1", f"{TITLES[2]} 2"]
    wanted = [order[2], order[0], f"{order[1]} (Plus)"]
    headings = [" ".join(each.text_content().split()) for each in page.iter("h2")]
    assert [each for each in headings if each != "Kurse"] == wanted
    assert re.findall(r"^\[(\d+)\] (.*)$", text, re.MULTILINE) == [(str(n + 1), each) for n, each in enumerate(wanted)]
    for number in range(3):
        url = f"https://kurier.example/artikel/{number}?a=1&b=2"
        assert url in text
        assert page.xpath("//h2/a[@href=$url]", url=url)
    for part in (text, shown(html)):
        for figure in ("63.412\u00a0€", "+2,4\u00a0%", "CoinGecko", "keine Anlageberatung"):
            assert " ".join(figure.split()) in " ".join(part.split())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("look", LOOKS)
def test_one_form_of_address_runs_through_both_parts(look: str, count: int, form: Form) -> None:
    text, html = both(edition(look, count), form)
    for part in (text, shown(html)):
        assert (SIE if form == "Sie" else DU).search(part)
        assert not (DU if form == "Sie" else SIE).search(part)


@pytest.mark.parametrize("look", LOOKS)
def test_the_first_sentence_follows_the_greeting(look: str) -> None:
    made = edition(look)
    for part in map(str, both(made)):
        assert re.search(r"Frau Dr\. Weber,\s*(<[^>]*>\s*)*hier ", part)
    for part in map(str, both(made, "du")):
        assert re.search(r"Guten Abend!\s*(<[^>]*>\s*)*Hier ", part)
    nothing, _ = both(edition(look, 0))
    assert re.search(r"Weber,\n\n(heute|in dieser Woche) g[ia]bt? es", nothing)


@pytest.mark.parametrize("look", LOOKS)
def test_no_mark_is_left_and_every_block_is_there(look: str) -> None:
    for form in FORMS:
        for count in (0, 1, 3):
            for part in both(edition(look, count), form):
                assert not re.search(r"x[0-9a-f]{12}[soc]\d+e|\{\{|\{%", part)
                assert "Newsletter abbestellen" in part
                assert "Kurier Verlag, Gasse 1, 10115 Berlin" in part


@pytest.mark.parametrize("accent", ["#0b5c8a", "#ffcc00", "#ffffff", "#000000"])
@pytest.mark.parametrize("look", LOOKS)
def test_our_own_check_finds_no_mistake(look: str, accent: str) -> None:
    """Contrast in light and dark, fences, slots, alt texts, language, title, preheader, imprint, ..."""
    findings = check_look([edition(look, brand=Brand(accent=accent))])
    assert not [finding for finding in findings if finding.level == "error"]
    assert {finding.rule for finding in findings} <= {"client-support"}


@pytest.mark.parametrize("look", LOOKS)
def test_the_document_says_its_language_title_and_preheader_and_has_headings_in_order(look: str) -> None:
    _, html = both(edition(look))
    page = lxml.html.fromstring(html)
    assert html.startswith("<!doctype html>\n<html ")
    assert page.get("lang") == "de"
    assert page.findtext(".//title") == "Der Betreff"
    assert f"{TITLES[1]} 1 · {TITLES[2]} 2" in page.xpath("//body/div[1]")[0].text_content()
    levels = [int(element.tag[1]) for element in page.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(second - first <= 1 for first, second in pairwise(levels))


@pytest.mark.parametrize("look", LOOKS)
def test_text_lines_fit_into_72_columns_but_for_links(look: str) -> None:
    long = of_the_week(5, title="Ein langer Titel mit vielen Wörtern " * 5, kicker="Eine lange Dachzeile " * 5)
    for made in (edition(look, long), edition(look, 0)):
        text, _ = both(made)
        assert not [line for line in text.splitlines() if len(line) > 72 and "https://" not in line]


def test_brief_is_headlines_without_teasers() -> None:
    text, html = both(edition("brief", 5))
    for part in (text, shown(html)):
        assert "Dachzeile 4" in part
        assert "Der Vorspann" not in part
        assert "Lesen Sie auch" not in part


def test_five_headlines_and_the_prices_fit_on_one_screen_of_text() -> None:
    text, _ = both(edition("brief", 5))
    news = text[: text.index("Sie erhalten diese E-Mail")]
    assert news.count("\n") <= 48


def test_twenty_articles_of_a_week_stay_under_90_kilobytes() -> None:
    teaser = "Ein Vorspann von gewöhnlicher Länge, wie ihn eine Redaktion schreibt. " * 4
    _, html = both(edition("weekly", of_the_week(20, lead=teaser)))
    assert len(html.encode()) < 90_000


def test_the_week_stands_above_and_every_article_has_its_day() -> None:
    text, html = both(edition("weekly", 8))
    for part in (text, shown(html)):
        assert "Die Woche im Überblick" in part
        assert "16. bis 22. November 2026" in part
    days = [german.weekday_date((SUNDAY - timedelta(days=number % 7)).date()) for number in range(1, 8)]
    rails = [" ".join(cell.text_content().split()) for cell in lxml.html.fromstring(html).xpath('//td[@width="112"]')]
    assert rails == days
    assert rails[0] == "Samstag, 21. November"
    assert re.findall(r"^(\w+tag|Mittwoch), (\d+\. November)", text, re.MULTILINE) == [
        tuple(day.split(", ")) for day in ("Sonntag, 22. November", *days)
    ]


def test_an_article_without_a_day_or_a_kicker_leaves_no_trace_of_them() -> None:
    bare = of_the_week(2, published=None, kicker="", author="", site="", image_credit="", lead="", body=())
    text, html = both(edition("weekly", bare))
    assert f"\n\n[2] {TITLES[1]} 1 (Plus)\n" in text
    assert [cell.text_content().strip() for cell in lxml.html.fromstring(html).xpath('//td[@width="112"]')] == [""]
    assert " · " not in shown(html).partition("Einstellungen")[0].partition("Kurse")[0]


@pytest.mark.parametrize(
    ("look", "titles", "subject"),
    [
        ("brief", ["Ein kurzer Titel"], "Ein kurzer Titel"),
        ("brief", ["Ein kurzer Titel", "B"], "Ein kurzer Titel – und weitere Schlagzeilen"),
        ("brief", ["Wort " * 30, "B"], "Wort Wort Wort Wort Wort Wort Wort Wort Wort Wort Wort …"),
        ("brief", ["x" * 300], "x" * 59 + "…"),
        ("brief", [], "Kurier am Morgen: heute keine neuen Schlagzeilen"),
        ("weekly", ["Ein kurzer Titel", "B"], "Die Woche: Ein kurzer Titel"),
        ("weekly", ["x" * 300], "Die Woche: " + "x" * 48 + "…"),
        ("weekly", [], "Kurier am Morgen, 16. bis 22. November 2026"),
    ],
)
def test_subjects_say_what_is_in_the_mail_within_60_characters(look: str, titles: list[str], subject: str) -> None:
    made = compile_subject(edition(look, tuple(article(title=title.strip()) for title in titles)))
    assert made == subject
    assert len(made) <= 60


@pytest.mark.parametrize("look", LOOKS)
def test_no_subject_is_longer_than_60_characters_whatever_the_newsletter_is_called(look: str) -> None:
    name = "Der lange Name eines Newsletters für sehr geduldige Leserinnen und Leser"
    for at in (SUNDAY, datetime(2026, 10, 4, 9, tzinfo=BERLIN), datetime(2026, 1, 4, 9, tzinfo=BERLIN)):
        made = content(
            (),
            newsletter=newsletter(template=look, name=name, lookback_hours=168),
            date=at.date(),
            at=at,
            templates=templates(look),
        )
        assert 20 < len(compile_subject(made)) <= 60


@pytest.mark.parametrize(
    ("day", "hour", "hours", "days"),
    [
        (date(2026, 11, 22), 18, 168, (date(2026, 11, 16), date(2026, 11, 22))),
        (date(2026, 11, 22), 6, 168, (date(2026, 11, 16), date(2026, 11, 22))),
        (date(2026, 11, 23), 6, 168, (date(2026, 11, 16), date(2026, 11, 22))),
        (date(2026, 11, 23), 18, 168, (date(2026, 11, 17), date(2026, 11, 23))),
        (date(2026, 11, 23), 6, 24, (date(2026, 11, 23), date(2026, 11, 23))),
        (date(2026, 11, 23), 6, 72, (date(2026, 11, 20), date(2026, 11, 22))),
        (date(2026, 11, 20), 6, 1, (date(2026, 11, 20), date(2026, 11, 20))),
    ],
)
def test_the_days_that_an_edition_looks_back_on(day: date, hour: int, hours: int, days: tuple[date, date]) -> None:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN)
    made = content(0, newsletter=newsletter(lookback_hours=hours), date=day, at=at)
    assert days_looked_back(made) == days


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 16), date(2026, 11, 22), "16. bis 22. November 2026"),
        (date(2026, 11, 28), date(2026, 12, 4), "28. November bis 4. Dezember 2026"),
        (date(2025, 12, 29), date(2026, 1, 4), "29. Dezember 2025 bis 4. Januar 2026"),
        (date(2026, 11, 22), date(2026, 11, 22), "22. November 2026"),
    ],
)
def test_ranges_of_dates(first: date, last: date, words: str) -> None:
    assert german.date_range(first, last) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (range(5), "montags bis freitags"),
        (range(7), "täglich"),
        ({5, 6}, "samstags und sonntags"),
        ({4, 0, 2}, "montags, mittwochs und freitags"),
        ({6}, "sonntags"),
        ([], ""),
    ],
)
def test_days_of_the_week_in_words(days: set[int], words: str) -> None:
    assert german.on_weekdays(days) == words


@pytest.mark.parametrize("look", ["daily", "brief", "weekly"])
def test_every_look_shows_what_editors_wrote(look: str) -> None:
    extras = Extras(
        letter=EditorLetter(text=("Ein Wort vorweg.",), name="Erika Muster"),
        dates=(Appointment(when="10.00 Uhr", what="Ratssitzung"),),
        numbered=NumberedList(heading="Am meisten gelesen", entries=("Erstens",)),
        advertisements=(Advertisement(title="Kaffee", advertiser="Rösterei"),),
    )
    brand = Brand(footer=("Eine Zeile am Ende.",))
    for part in map(str, both(replace(edition(look, brand=brand), extras=extras))):
        for words in ("Ein Wort vorweg.", "Erika Muster", "Ratssitzung", "Erstens", "Kaffee", "Eine Zeile am Ende."):
            assert words in part
        assert "anzeige" in part.lower()
