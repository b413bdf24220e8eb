"""Which articles are the same one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.gather.dedupe import article_key, near_same, unique
from digest.model.article import Article


def article(title: str, url: str | None = None, **more: object) -> Article:
    return Article(title=title, source="s", url=url, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Bundestag beschließt Haushalt", "Bundestag beschliesst Haushalt!"),
        ("Bahn streicht Züge", "BAHN STREICHT ZUEGE"),
        ("„Wir schaffen das“, sagt Weber", '"Wir schaffen das" sagt Weber'),
        ("Ukraine-Krieg: Neue Angriffe auf Kyjiw", "Ukrainekrieg – neue Angriffe auf Kyjiw"),
        ("Liveblog: Sturm zieht über Norddeutschland", "Sturm zieht über Norddeutschland"),
        ("Sturm zieht über Norddeutschland | Tagblatt", "Sturm zieht über Norddeutschland"),
        ("Sturm zieht über Norddeutschland - Tagblatt Online", "Sturm zieht über Norddeutschland"),
        ("Treffen verärgert Meloni vor Schweiz-Reise", "Treffen verärgerte Meloni vor der Schweiz-Reise"),
        (
            "Scholz-Macron-Treffen verärgert Meloni vor Schweiz-Reise",
            "Scholz-Macron-Treffen verärgert Meloni vor Reise in die Schweiz",
        ),
        ("Treffen mit Macron verärgert Meloni vor Reise", "Treffen mit Macron verärgert Meloni vor Reise erneut"),
        ("Regierng einigt sich auf Rentenpaket", "Regierung einigt sich auf Rentenpaket"),
        ("Titel", "Titel"),
    ],
)
def test_these_say_the_same(a: str, b: str) -> None:
    assert near_same(a, b)
    assert near_same(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("DAX steigt um 1 %", "DAX fällt um 1 %"),
        ("DAX steigt um 1 %", "DAX steigt um 2 %"),
        ("DAX steigt um 1,5 %", "DAX steigt um 15 %"),
        ("Lottozahlen vom 15. Oktober", "Lottozahlen vom 16. Oktober"),
        ("Das Wetter am Montag in Berlin und Brandenburg", "Das Wetter am Dienstag in Berlin und Brandenburg"),
        ("Putin ruft Trump an", "Trump ruft Putin an"),
        ("Trump trifft Putin in Budapest nächste Woche", "Trump trifft Selenskyj in Budapest nächste Woche"),
        ("Bundestag stimmt für Reform", "Bundestag stimmt gegen Reform"),
        ("Bundestag beschließt heute neuen Haushalt", "Bundestag beschließt heute neuen Haushalt nicht"),
        ("Zug nach Hamburg entgleist", "Zug aus Hamburg entgleist"),
        ("Partei steigt in Regierung ein", "Partei steigt aus Regierung aus"),
        ("Wahl in Ostdeutschland", "Wahl in Westdeutschland"),
        ("Bayern gewinnt", "Bayern gewinnt Pokal"),
        ("Ministerium lehnt ab", "Ministerium nimmt an"),
        ("Umsatz bei 3 Millionen Euro", "Umsatz bei 3 Milliarden Euro"),
        ("", ""),
        ("…", "…"),
        ("Iran meldet Angriff auf Schiff", "Irak meldet Angriff auf Schiff"),
    ],
)
def test_these_do_not(a: str, b: str) -> None:
    assert not near_same(a, b)
    assert not near_same(b, a)


@given(st.text(max_size=60), st.text(max_size=60))
def test_near_same_does_not_depend_on_the_order(a: str, b: str) -> None:
    assert near_same(a, b) == near_same(b, a)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("https://www.z.example/a/", "http://z.example/a#kommentare", True),
        ("https://z.example/a?utm_source=rss", "https://z.example/a", True),
        ("https://z.example/a?id=1", "https://z.example/a?id=2", False),
        ("https://z.example/a", "https://z.example/A", False),
        ("https://z.example/a", "https://y.example/a", False),
    ],
)
def test_keys_of_addresses(a: str, b: str, same: bool) -> None:
    assert (article_key(article("x", a)) == article_key(article("y", b))) is same


def test_keys_without_an_address() -> None:
    day = datetime(2025, 10, 17, 6, tzinfo=UTC)
    first = article("Über Nacht", site="Blatt", published=day)
    assert article_key(first) == article_key(article("ÜBER  NACHT!", site="blatt", published=day.replace(hour=9)))
    assert article_key(first) != article_key(article("Über Nacht", site="Blatt", published=day.replace(day=18)))
    assert article_key(first) != article_key(article("Über Nacht", site="Anderes", published=day))


def test_each_once_in_order_and_the_fuller_one() -> None:
    bare = article("Sturm zieht über Norddeutschland")
    linked = article("Sturm zieht über Norddeutschland!", "https://z.example/sturm")
    full = article("Sturm: die Folgen", "https://www.z.example/sturm/", body=("Lang und breit.",))
    other = article("Ganz anderes", "https://z.example/anderes")
    assert unique([bare, other, linked, full]) == [full, other]
    assert unique([full, linked]) == [full]


def test_no_more_than_asked_for() -> None:
    many = [article(f"Meldung {number}", f"https://z.example/{number}") for number in range(50)]
    assert unique(many, 3) == many[:3]
