"""Articles saved as plain text: one export in many shapes, and the source that reads files and folders of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import wrap
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.gather.base import Context
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings, SourceSettings
from digest.gather.textfile import TextFileSource, read_text
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")
EXPORT = (Path(__file__).parents[2] / "data" / "gather" / "export.txt").read_text(encoding="utf-8")
TITLE = "Stadtrat von Lindenau streicht die Parkgebühren am Samstag"
LEAD = "Wer samstags in die Innenstadt fährt, parkt künftig umsonst. Der Handel jubelt, die Kämmerin rechnet."
CREDIT = "Foto: Jana Ott/Bildwerk\n\n"
RELATED = "Lesen Sie auch: Neue Buslinie verbindet Lindenau mit dem Klinikum"
BUS = "Neue Buslinie verbindet Lindenau mit dem Klinikum"


def read(text: str) -> Article:
    article = read_text(text, source="Export", zone=BERLIN)
    assert article is not None
    return article


def changed(old: str, new: str) -> str:
    assert old in EXPORT
    return EXPORT.replace(old, new)


def test_everything_is_found() -> None:
    article = read(EXPORT)
    assert article.title == TITLE
    assert (article.published, article.date_only) == (datetime(2025, 11, 4, tzinfo=BERLIN), True)
    assert article.author == "Paula Steinbrück"
    assert article.lead == LEAD
    assert [paragraph.split()[0] for paragraph in article.body] == ["Nach", "Für", "Kämmerin", "Der"]
    assert article.image_credit == "Jana Ott/Bildwerk"
    assert article.related == (BUS,)
    assert article.site == "BLICKPUNKT.example"
    assert article.coins == ("BTC", "ETH", "LTC")
    assert article.url is None


SAME = {
    "windows": EXPORT.replace("\n", "\r\n"),
    "old mac": EXPORT.replace("\n", "\r"),
    "byte order mark": "\ufeff" + EXPORT,
    "no final newline": EXPORT.rstrip(),
    "more newlines": EXPORT + "\n\n\n",
    "title once": EXPORT.replace(TITLE + "\n\n", "", 1),
    "title with the site's name first": EXPORT.replace(TITLE, TITLE + " – BLICKPUNKT.example", 1),
    "other slogan": changed("Gut informiert durch den Tag", "Wissen, was morgen wichtig ist!"),
    "slogan below too": changed("crossmenu", "crossmenu\nGut informiert durch den Tag\nBLICKPUNKT.example"),
    "no slogan": changed("Gut informiert durch den Tag\n", ""),
    "no empty lines": "\n".join(line for line in EXPORT.split("\n") if line),
    "an empty line after each": "\n\n".join(line for line in EXPORT.split("\n") if line),
    "three empty lines after each": "\n\n\n\n".join(line for line in EXPORT.split("\n") if line),
    "lead after an empty line": changed("Paula Steinbrück\n", "Paula Steinbrück\n\n"),
    "indented": "\n".join(f"\t {line}  " for line in EXPORT.split("\n")),
    "hard-wrapped": "\n".join("\n".join(wrap(line, 78)) if line else "" for line in EXPORT.split("\n")),
    "author first": changed("November 4, 2025\nPaula Steinbrück", "Paula Steinbrück\nNovember 4, 2025"),
    "author beside the date": changed("November 4, 2025\nPaula Steinbrück", "November 4, 2025 | Paula Steinbrück"),
    "von": changed("Paula Steinbrück", "Von Paula Steinbrück"),
    "bild": changed("Foto: Jana", "Bild: Jana"),
    "copyright": changed("Foto: Jana", "© Jana"),
    "credit on two lines": changed("Foto: Jana", "Foto:\nJana"),
    "credit above the lead": EXPORT.replace(CREDIT, "").replace(LEAD, f"Foto: Jana Ott/Bildwerk\n{LEAD}"),
    "credit at the end": EXPORT.replace(CREDIT, "").replace("crossmenu", "Foto: Jana Ott/Bildwerk\ncrossmenu"),
    "credit in brackets": EXPORT.replace("\n\n" + CREDIT.strip(), "").replace(
        "nichts kostet.", "nichts kostet. (Foto: Jana Ott/Bildwerk)"
    ),
    "caption": changed("Foto: Jana", "Der Marktplatz am Samstag. Foto: Jana"),
    "related on the next line": changed("Lesen Sie auch: Neue", "Lesen Sie auch:\n– Neue"),
    "related in the middle": changed("\n\nBleiben Sie informiert! " + RELATED, "").replace(
        CREDIT, CREDIT + RELATED + "\n\n"
    ),
    "reading time": changed("Paula Steinbrück\n", "Paula Steinbrück\n3 Min. Lesezeit\n"),
    "ticker with prices": changed("(BTC)\n(ETH)\n(LTC)", "Bitcoin (BTC) 93.412 € +2,4 %\n(ETH) 3.400,50 €\n(LTC)"),
    "ticker on one line": changed("(BTC)\n(ETH)\n(LTC)", "(BTC) (ETH) (LTC)"),
}


@pytest.mark.parametrize("shape", SAME)
def test_the_same_article_in_another_shape(shape: str) -> None:
    assert read(SAME[shape]) == read(EXPORT)


CHANGED: dict[str, tuple[str, dict[str, object]]] = {
    "no credit": (changed(CREDIT, ""), {"image_credit": ""}),
    "dpa": (changed("Foto: Jana Ott/Bildwerk", "Foto: dpa"), {"image_credit": "dpa"}),
    "no related": (changed("Bleiben Sie informiert! " + RELATED, ""), {"related": ()}),
    "informed only": (changed(" " + RELATED, ""), {"related": ()}),
    "two related": (changed(RELATED, RELATED + "\nLesen Sie auch: Zwei"), {"related": (BUS, "Zwei")}),
    "two related, one line": (changed(RELATED, RELATED + " Lesen Sie auch: Zwei"), {"related": (BUS, "Zwei")}),
    "two related, one label": (
        changed(RELATED, RELATED + "\nZwei Linien mehr"),
        {"related": (BUS, "Zwei Linien mehr")},
    ),
    "und": (changed("Paula Steinbrück", "Anna Muster und Max Beispiel"), {"author": "Anna Muster und Max Beispiel"}),
    "comma": (changed("Paula Steinbrück", "Anna Muster, Max Beispiel"), {"author": "Anna Muster und Max Beispiel"}),
    "lines": (changed("Paula Steinbrück", "Anna Muster\nMax Beispiel"), {"author": "Anna Muster und Max Beispiel"}),
    "agency": (changed("Paula Steinbrück", "dpa"), {"author": "dpa"}),
    "particle": (changed("Paula Steinbrück", "Dr. Eva von der Au"), {"author": "Dr. Eva von der Au"}),
    "no author": (changed("Paula Steinbrück\n", ""), {"author": ""}),
    "no date": (changed("November 4, 2025\n", ""), {"published": None, "date_only": False}),
    "no ticker": (changed("(BTC)\n(ETH)\n(LTC)\n", ""), {"coins": ()}),
    "other coins": (changed("(BTC)\n(ETH)\n(LTC)", "(SOL)\n(XRP)"), {"coins": ("SOL", "XRP")}),
    "no site": (changed("BLICKPUNKT.example\n", ""), {"site": ""}),
    "kicker": (changed(f"{TITLE}\n\nNov", f"Verkehr\n{TITLE}\n\nNov"), {"kicker": "Verkehr"}),
    "category": (changed("crossmenu", "Kategorie: Lokales, Verkehr"), {"topics": ("Lokales", "Verkehr")}),
    "address": (
        changed("crossmenu", "https://blickpunkt.example/parken"),
        {"url": "https://blickpunkt.example/parken"},
    ),
}


@pytest.mark.parametrize("change", CHANGED)
def test_one_thing_differs_and_nothing_else(change: str) -> None:
    text, expected = CHANGED[change]
    article, original = read(text), read(EXPORT)
    for field in original.__struct_fields__:
        assert getattr(article, field) == expected.get(field, getattr(original, field)), field


@pytest.mark.parametrize("gone", [f"{LEAD}\n", f"{LEAD}\n\n"])
def test_without_a_lead_the_body_stays_whole(gone: str) -> None:
    article = read(changed(gone, "" if gone.endswith("\n\n") is False else "\n"))
    assert (article.lead, article.body) == ("", read(EXPORT).body)


MONTHS = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November"]


@pytest.mark.parametrize(("number", "month"), list(enumerate([*MONTHS, "Dezember"], 1)))
def test_every_month(number: int, month: str) -> None:
    assert read(changed("November 4", f"{month} 4")).published == datetime(2025, number, 4, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "written", ["4. November 2025, 18:30 Uhr", "04.11.2025 18.30 Uhr", "2025-11-04T18:30:00+01:00"]
)
def test_a_date_with_its_time(written: str) -> None:
    article = read(changed("November 4, 2025", written))
    assert (article.published, article.date_only) == (datetime(2025, 11, 4, 18, 30, tzinfo=BERLIN), False)


def test_a_subheading_stays_in_the_body() -> None:
    assert "Streit ums Geld" in read(changed("\n\nKämmerin", "\n\nStreit ums Geld\n\nKämmerin")).body


@pytest.mark.parametrize(
    "text", ["", "\n\n", "abc", TITLE, "Einkauf\nMilch\nEier", "\x7fELF\0\0\0", "\n".join(EXPORT.split("\n")[:11])]
)
def test_what_is_no_article(text: str) -> None:
    assert read_text(text, source="Export", zone=BERLIN) is None


@given(
    st.lists(st.sampled_from([*EXPORT.split("\n"), "Foto:", "Lesen Sie auch:", "1. 1. 2025", "|", "(X)"]), max_size=40)
)
def test_any_order_of_lines_is_read_without_an_error(lines: list[str]) -> None:
    article = read_text("\n".join(lines), source="Export", zone=BERLIN)
    assert article is None or (article.title and (article.lead or article.body))


# The source ------------------------------------------------------------------------------------------------------


@pytest.fixture
def context() -> Context:
    return Context(
        fetcher=Fetcher(GatherSettings()), now=datetime(2025, 11, 5, 5, tzinfo=UTC), day=date(2025, 11, 5), zone=BERLIN
    )


def source(path: Path, **changes: int) -> TextFileSource:
    return TextFileSource(SourceSettings(name="Export", type="textfile", path=str(path), **changes))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "utf-16"])
def test_a_file_in_any_encoding(tmp_path: Path, context: Context, encoding: str) -> None:
    file = tmp_path / "artikel.txt"
    file.write_bytes(EXPORT.encode(encoding))
    assert list(source(file).articles(context)) == [read(EXPORT)]


def test_a_folder_newest_first_and_the_bad_file_said(
    tmp_path: Path, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    dated: Callable[[str], str] = lambda day: EXPORT.replace("November 4", f"November {day}")  # noqa: E731
    for name, text in {"a": dated("2"), "b": "leer", "c": dated("3"), "d": dated("1")}.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "notiz.md").write_text(EXPORT, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        articles = list(source(tmp_path).articles(context))
    assert [article.published.day for article in articles if article.published] == [3, 2, 1]
    assert "b.txt" in caplog.text
    assert len(list(source(tmp_path, max_items=2).articles(context))) == 2


def test_what_is_not_there_is_named(tmp_path: Path, context: Context) -> None:
    (tmp_path / "leer").mkdir()
    (tmp_path / "kein.txt").write_text("nichts", encoding="utf-8")
    for name in ("fehlt", "fehlt.txt", "leer", "kein.txt"):
        with pytest.raises(SourceError, match=name):
            list(source(tmp_path / name).articles(context))
