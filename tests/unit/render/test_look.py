"""The shipped look: readable in light and dark, in order, small, and nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import lxml.html
import msgspec
import pytest
from cssselect import GenericTranslator, parse
from lxml import etree

from digest.model.newsletter import Brand
from digest.render.colours import AA, contrast
from tests.unit.render.made_up import (
    NOW,
    article,
    assembler,
    content,
    full_snapshot,
    newsletter,
    parts,
    recipient,
    site,
    snapshot,
)

BRANDS = [
    Brand(),
    Brand(accent="#ffcc00"),
    Brand(accent="#000000"),
    Brand(accent="#ffffff"),
    Brand(name="Kurier", logo="https://kurier.example/l.png", logo_dark="https://kurier.example/d.png"),
]
LONG = tuple(article(number, lead="Ein Vorspann von gewöhnlicher Länge. " * 6, paid=True) for number in range(12))


def html_of(brand: Brand = BRANDS[0], count: int = 3, **changes: object) -> str:
    edition = content(LONG[:count], newsletter=newsletter(brand=brand), **changes)
    return parts(assembler(edition, full_snapshot()).message(recipient(choice=bytes(range(count))), NOW))[1]


@pytest.mark.parametrize("count", [0, 1, 12])
def test_a_message_is_small(count: int) -> None:
    assert len(html_of(count=count).encode()) < (60_000 if count else 22_000)


def test_the_document_says_its_language_and_title_and_knows_both_schemes() -> None:
    html = html_of()
    page = lxml.html.fromstring(html)
    assert html.startswith("<!doctype html>\n<html ")
    assert page.get("lang") == "de"
    assert page.findtext(".//title") == "Der Betreff"
    assert page.xpath('//meta[@name="color-scheme"]/@content') == ["light dark"]
    assert page.xpath('//meta[@name="viewport"]')


@pytest.mark.parametrize("brand", BRANDS)
def test_headings_come_in_order_and_one_stands_at_the_top(brand: Brand) -> None:
    page = lxml.html.fromstring(html_of(brand))
    levels = [int(element.tag[1]) for element in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(second - first <= 1 for first, second in pairwise(levels))
    assert [element.text_content().strip() for element in page.iter("h2")][1] == "Kurse"


def test_layout_tables_say_so_and_the_prices_are_a_real_table() -> None:
    page = lxml.html.fromstring(html_of())
    real = [table for table in page.iter("table") if table.get("role") != "presentation"]
    assert len(real) == 1
    assert [cell.text for cell in real[0].xpath('.//th[@scope="col"]')] == ["Coin", "Kurs", "Veränderung"]
    assert [cell.text for cell in real[0].xpath('.//th[@scope="row"]')] == ["Bitcoin", "Ether", "Litecoin"]
    for row in real[0].iter("tr"):
        assert sum(int(cell.get("colspan", "1")) for cell in row) == 3


def test_every_picture_has_a_text_and_no_mail_loads_any_by_itself() -> None:
    plain = lxml.html.fromstring(html_of())
    assert not list(plain.iter("link", "script", "iframe"))
    assert [image.get("class") for image in plain.iter("img")] == ["spark"] * 3
    page = lxml.html.fromstring(html_of(BRANDS[-1]))
    assert [(image.get("alt"), image.get("class")) for image in page.iter("img")][:2] == [
        ("Kurier", "light-logo"),
        ("Kurier", "dark-logo"),
    ]
    assert all(image.get("alt") for image in (*page.iter("img"), *plain.iter("img")))
    for html in (html_of(), html_of(BRANDS[-1])):
        foreign = r'\b(?:src|background)="(?!https://kurier\.example/|cid:)'
        assert not re.search(rf"@import|@font-face|url\(|<link|{foreign}", html)


PICTURED = {"picture": "https://kurier.example/bilder/a.jpg", "picture_alt": "Ein „Kran“ & <b>", "picture_width": 480}


def test_the_lead_has_its_picture_above_the_headline_and_the_credit_under_it() -> None:
    edition = content((article(0, **PICTURED), article(1, **PICTURED)))
    message = assembler(edition).message(recipient(choice=b"\0\1"), NOW)
    page = lxml.html.fromstring(parts(message)[1])
    (image,) = page.iter("img")
    assert (image.get("src"), image.get("alt"), image.get("width")) == tuple(map(str, PICTURED.values()))
    assert "width:100%" in image.get("style")
    assert "max-width:480px" in image.get("style")
    order = [element.get("class", element.tag) for element in page.iter("p", "h2")]
    assert order[:4] == ["picture credited", "credit", "kicker", "h2"]
    assert [p.text_content() for p in page.iter("p") if "Foto:" in p.text_content()] == ["Foto: Ole Groß/dpa"] * 2
    assert parts(message)[0].count("Foto: Ole Groß/dpa") == 2


def test_a_picture_without_a_known_width_or_credit_is_as_wide_as_the_column() -> None:
    edition = content((article(0, **PICTURED | {"picture_width": 0}, image_credit=""),))
    page = lxml.html.fromstring(parts(assembler(edition).message(recipient(choice=b"\0"), NOW))[1])
    (image,) = page.iter("img")
    assert image.get("width") == "552"
    assert not page.xpath('//p[@class="credit"]')


def test_every_link_says_where_it_goes() -> None:
    for link in lxml.html.fromstring(html_of()).iter("a"):
        assert len(link.get("aria-label") or link.text_content()) > 5
        assert link.get("href").startswith("https://")


def test_important_stands_only_inside_media_queries() -> None:
    html = html_of(BRANDS[-1])
    assert "!important" not in "".join(re.findall(r'style="[^"]*"', html))
    for sheet in re.findall(r"(?<!<!--\[if lte mso 11\]>\n)<style type=\"text/css\">(.*?)</style>", html, re.DOTALL):
        assert "!important" not in re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", sheet)


def test_the_footer_says_who_why_and_how_to_leave() -> None:
    text, html = parts(assembler(content(1), snapshot()).message(recipient(choice=b"\0"), NOW))
    shown = re.sub(r"\s+", " ", lxml.html.fromstring(html).text_content())
    for part in (re.sub(r"\s+", " ", text), shown):
        for wanted in (
            "Sie erhalten diese E-Mail, weil",
            "anna@leser.example",
            "„Kurier am Morgen“",
            "Einstellungen ändern",
            "Newsletter abbestellen",
            "Impressum",
            "Kurier Verlag, Gasse 1, 10115 Berlin",
            "Verantwortlich im Sinne des § 18 Abs. 2 MStV: Erika Beispiel, Gasse 1, 10115 Berlin",
            "Datenschutz",
        ):
            assert wanted in part


def test_what_the_site_does_not_say_is_left_out() -> None:
    edition = content(1, site=site(responsible="", privacy_url="", imprint=""))
    for part in parts(assembler(edition).message(recipient(choice=b"\0"), NOW)):
        assert not re.search("MStV|Datenschutz|Impressum", part)
        assert "Newsletter abbestellen" in part


def test_text_lines_fit_into_72_columns_but_for_links() -> None:
    text, _ = parts(assembler(content(LONG), snapshot()).message(recipient(choice=bytes(range(12))), NOW))
    assert not [line for line in text.splitlines() if len(line) > 72 and "https://" not in line]


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read_on_its_ground(brand: Brand, dark: bool) -> None:
    pictured = tuple(msgspec.structs.replace(each, **PICTURED) for each in LONG[:3])
    edition = content(pictured, newsletter=newsletter(brand=brand))
    html = parts(assembler(edition, full_snapshot()).message(recipient(), NOW))[1]
    rules = list(dark_rules(html)) if dark else []
    checked = 0
    for element in lxml.html.fromstring(html).body.iter(etree.Element):
        if (element.tag == "img" or (element.text and element.text.strip())) and "opacity:0" not in element.get(
            "style", ""
        ):
            colour, ground = found(element, "color", rules), found(element, "background-color", rules)
            assert contrast(colour, ground) >= AA, (lxml.html.tostring(element)[:200], colour, ground)
            checked += 1
    assert checked > 30


Rule = tuple[tuple[int, int, int], int, "etree.XPath", str, str]


def dark_rules(html: str) -> Iterator[Rule]:
    """Specificity, place, selector, property and value of everything that dark mode changes."""
    media = re.search(r"@media \(prefers-color-scheme: dark\) \{((?:[^{}]*\{[^{}]*\})*)", html)
    assert media
    for place, (selectors, body) in enumerate(re.findall(r"([^{}]*)\{([^{}]*)\}", media[1])):
        for selector in parse(selectors.strip()):
            xpath = etree.XPath(GenericTranslator().selector_to_xpath(selector))
            for name, value in re.findall(r"([a-z-]+): (#[0-9a-f]{6}) !important", body):
                name = "background-color" if name == "background" else name
                yield selector.specificity(), place, xpath, name, value


def found(element: lxml.html.HtmlElement, name: str, rules: list[Rule]) -> str:
    """An inherited property's value (a ground shines through, too); dark mode's rules win over the element's own."""
    while element is not None:
        matching = [rule for rule in rules if rule[3] == name and element in rule[2](element.getroottree())]
        if matching:
            return max(matching, key=lambda rule: rule[:2])[4]
        own = re.findall(rf"(?:^|;)\s*{name}:\s*(#[0-9a-f]+)", element.get("style", ""))
        if own:
            return own[-1] if len(own[-1]) == 7 else "#" + "".join(sign * 2 for sign in own[-1][1:])
        element = element.getparent()
    return "#000000" if name == "color" else "#ffffff"


def test_outlooks_columns_are_as_wide_as_what_their_section_leaves_them() -> None:
    """MRML subtracts a padding only where each of its figures has a unit: "0px 24px", not "0 24px"."""
    widths = re.findall(r"<td style=\"vertical-align:top;width:(\d+)px;\">", html_of())
    assert set(widths) == {"552"}
