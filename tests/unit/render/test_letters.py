"""Letters: one purpose each, in both forms of address, with the headers that their kind asks for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, get_args

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from digest.errors import NotFoundError, TemplateError
from digest.links import (
    LetterPurpose,
    Links,
    TokenFacts,
    letter_token_expiry,
    make_letter_token,
    make_token,
    read_letter_token,
    read_token,
)
from digest.model.delivery import Message
from digest.model.edition import EditionContent, EditionKind
from digest.model.newsletter import Brand, Section
from digest.model.site import Form
from digest.render.assemble import Assembler
from digest.render.compiling import compile_edition
from digest.render.environment import read_templates
from digest.render.letterhead import LetterName
from digest.render.letters import compile_letter, letter_content
from digest.render.lint.look import check_look
from digest.render.shell import Shell
from tests.unit.render.made_up import BERLIN, LINKS, newsletter, parse, parts, recipient, site
from tests.unit.render.test_looks import DU, FORMS, GREETINGS, SIE, shown

NAMES: tuple[LetterName, ...] = get_args(LetterName)
AT = datetime(2026, 11, 22, 18, 0, tzinfo=BERLIN)
HANDLE = "0123456789abcdef"
SECRET = b"k" * 32
PURPOSES: tuple[LetterPurpose, ...] = get_args(LetterPurpose)
ACTIONS = {
    "confirm": ("Anmeldung bestätigen", "https://kurier.example/anmeldung-bestaetigen/"),
    "welcome": ("Einstellungen ändern", "https://kurier.example/einstellungen/"),
    "goodbye": ("Abmeldung zurücknehmen", "https://kurier.example/abmeldung-zuruecknehmen/"),
    "settings": ("Einstellungen ändern", "https://kurier.example/meine-daten/"),
    "address": ("Adresse bestätigen", "https://kurier.example/adresse-bestaetigen/"),
}


@lru_cache(maxsize=8)
def templates(name: LetterName) -> dict[str, str]:
    return read_templates(f"letters/{name}", None)


def letter(name: LetterName, **changes: Any) -> EditionContent:
    told: dict[str, Any] = {
        "site": site(),
        "newsletter": newsletter(),
        "at": AT,
        "templates": templates(name),
        "coins": ("BTC", "ETH", "LTC"),
    }
    return letter_content(name, **(told | changes))


@lru_cache(maxsize=8)
def _maker(name: LetterName) -> Assembler:
    made = letter(name)
    return Assembler(compile_letter(made, name), made, 7, None, LINKS)


def message(name: LetterName, /, form: Form = "Sie", maker: Assembler | None = None, **changes: Any) -> Message:
    told: dict[str, Any] = {
        "form": form,
        "greeting": GREETINGS[form],
        "choice": b"",
        "coins": (),
        "subject": letter(name).subject,
    }
    return (maker or _maker(name)).message(recipient(**(told | changes)), AT)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_says_one_thing_in_both_parts_and_one_form_of_address(name: LetterName, form: Form) -> None:
    text, html = parts(message(name, form))
    page = lxml.html.fromstring(html)
    buttons = page.xpath('//*[contains(concat(" ", @class, " "), " button ")]//a')
    assert len(buttons) == (name in ACTIONS)
    for button in buttons:
        label, url = ACTIONS[name]
        assert (button.text_content().strip(), button.get("href")[: len(url)]) == (label, url)
        assert re.search(rf"^{label}:\s{re.escape(button.get('href'))}$", text, re.MULTILINE)
    for part in (" ".join(text.split()), shown(html)):
        assert GREETINGS[form] in part
        assert "anna@leser.example" in part
        assert "Kurier am Morgen" in part
        assert (SIE if form == "Sie" else DU).search(part)
        assert not (DU if form == "Sie" else SIE).search(part)
        assert not re.search(r"x[0-9a-f]{12}[soc]\d+e|\{\{|\{%", part)


@pytest.mark.parametrize("name", NAMES)
def test_every_letter_says_who_sends_it_and_why(name: LetterName) -> None:
    text, html = parts(message(name))
    for part in (" ".join(text.split()), shown(html)):
        assert "Sie erhalten diese E-Mail" in part
        assert "Impressum Kurier Verlag, Gasse 1, 10115 Berlin" in part
        assert "Verantwortlich im Sinne des § 18 Abs. 2 MStV: Erika Beispiel, Gasse 1, 10115 Berlin" in part
        assert "Datenschutz" in part
    assert "https://kurier.example/datenschutz" in text
    assert not [line for line in text.splitlines() if len(line) > 72 and "https://" not in line]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_its_language_title_and_preheader(name: LetterName) -> None:
    _, html = parts(message(name))
    page = lxml.html.fromstring(html)
    assert html.startswith("<!doctype html>\n<html ")
    assert page.get("lang") == "de"
    assert page.findtext(".//title") == letter(name).subject
    assert 20 < len(" ".join(page.xpath("//body/div[1]")[0].text_content().split())) <= 90
    assert len(page.xpath("//h1")) == 1
    assert not list(page.iter("img", "script", "link", "iframe"))


@pytest.mark.parametrize("accent", ["#0b5c8a", "#ffcc00", "#ffffff", "#000000"])
@pytest.mark.parametrize("name", NAMES)
def test_our_own_check_finds_no_mistake(name: LetterName, accent: str) -> None:
    findings = check_look([letter(name, newsletter=newsletter(brand=Brand(accent=accent)))])
    assert not [finding for finding in findings if finding.level == "error"]


def test_the_confirmation_advertises_nothing_and_has_one_link_beside_privacy() -> None:
    brand = Brand(name="Kurier", logo="https://kurier.example/l.png", logo_dark="https://kurier.example/d.png")
    made = letter("confirm", newsletter=newsletter(brand=brand))
    sent = message("confirm", maker=Assembler(compile_letter(made, "confirm"), made, 7, None, LINKS))
    text, html = parts(sent)
    action = LINKS.letter("confirm", HANDLE, 7, AT + timedelta(days=14))
    allowed = {action, "https://kurier.example/datenschutz"}
    assert {link.get("href") for link in lxml.html.fromstring(html).iter("a")} == allowed
    assert set(re.findall(r"https?://\S+", text)) == allowed
    assert set(re.findall(r"https?://[^\s\"'<>)]+", html)) - allowed <= {
        "http://www.w3.org/1999/xhtml",
        "http://schemas.microsoft.com/office/office",
    }
    for part in (text, html):
        assert not re.search(r"Kurse|Bitcoin|abbestellen|Einstellungen|Artikel|<img|mailto:", part)


@pytest.mark.parametrize("form", FORMS)
def test_the_confirmation_says_what_by_whom_until_when_and_what_else_to_do(form: Form) -> None:
    nothing = {
        "Sie": "Wenn Sie sich nicht angemeldet haben, tun Sie nichts.",
        "du": "Wenn du dich nicht angemeldet hast, tu nichts.",
    }
    text, html = parts(message("confirm", form))
    for part in (" ".join(text.split()), shown(html)):
        assert "für den Newsletter „Kurier am Morgen“ von Kurier angemeldet" in part
        assert "Der Link gilt bis Sonntag, 6. Dezember 2026, 18.00 Uhr." in part
        assert nothing[form] in part


def test_the_welcome_says_what_comes_and_when() -> None:
    kept = newsletter(days="sat,sun", at="08:05", max_articles=1, holidays="DE-BE")
    for told, said in (
        ({}, ["montags bis freitags um 6.30 Uhr", "bis zu 12 ausgewählte Artikel, dazu die Kurse von Bitcoin, Ether"]),
        ({"newsletter": kept, "coins": ()}, ["samstags und sonntags um 8.05 Uhr, außer an Feiertagen", "ein ausge"]),
        (
            {"newsletter": newsletter(sections=(Section(name="Politik"), Section(name="Geld")))},
            ["aus den Rubriken Politik und Geld, dazu"],
        ),
    ):
        made = letter("welcome", **told)
        maker = Assembler(compile_letter(made, "welcome"), made, 7, None, LINKS)
        text, html = parts(message("welcome", maker=maker))
        for part in (" ".join(text.split()), shown(html)):
            assert all(each in part for each in said)
            assert ("Kurse von" in part) is bool(made.coins)
        for url in (LINKS.unsubscribe(HANDLE, 7), LINKS.settings(HANDLE, 7)):
            assert url in text
            assert lxml.html.fromstring(html).xpath("//a[@href=$url]", url=url)


def test_the_goodbye_offers_one_way_back_and_asks_nobody_to_leave_again() -> None:
    text, html = parts(message("goodbye"))
    undo = LINKS.letter("undo", HANDLE, 7, AT + timedelta(days=30))
    hrefs = [link.get("href") for link in lxml.html.fromstring(html).iter("a")]
    assert hrefs == [undo, "https://kurier.example/datenschutz"]
    assert "gilt ab sofort" in " ".join(text.split())
    assert "Bis Dienstag, 22. Dezember 2026, 18.00 Uhr" in " ".join(text.split())
    assert "abmelden/" not in text


def test_the_settings_letter_carries_a_link_that_ends_within_a_day_or_as_told() -> None:
    short = letter("settings", lifetime=timedelta(hours=2))
    assert letter("settings").expires == AT + timedelta(days=1)
    assert short.expires == AT + timedelta(hours=2)
    maker = Assembler(compile_letter(short, "settings"), short, 7, None, LINKS)
    text, _ = parts(message("settings", maker=maker))
    assert LINKS.letter("account", HANDLE, 7, AT + timedelta(hours=2)) in text
    assert "Der Link gilt bis Sonntag, 22. November 2026, 20.00 Uhr." in " ".join(text.split())


@pytest.mark.parametrize("name", NAMES)
def test_headers_are_those_of_a_letter(name: LetterName) -> None:
    parsed = parse(message(name))
    assert parsed.get_all("Auto-Submitted") == ["auto-generated"]
    for header in ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"):
        assert (header in parsed) is (name == "welcome")
    for header in ("From", "To", "Date", "Subject", "Message-ID", "MIME-Version", "Feedback-ID"):
        assert len(parsed.get_all(header, [])) == 1
    assert parsed["Feedback-ID"] == "7:morgen:letter:news.example"
    assert parsed["Subject"] == letter(name).subject


@pytest.mark.parametrize("long", ["", "Ein sehr langer Name für einen Newsletter, den es so wohl nie geben wird"])
@pytest.mark.parametrize("name", NAMES)
def test_subjects_name_the_newsletter_within_60_characters_and_address_nobody(name: LetterName, long: str) -> None:
    subject = letter(name, newsletter=newsletter(name=long or "Kurier am Morgen")).subject
    assert len(subject) <= 60
    assert (long[:20] or "Kurier am Morgen") in subject
    assert subject.count("„") == subject.count("“")
    assert not SIE.search(subject)
    assert not DU.search(subject)


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_is_a_frozen_edition_like_any_other(name: LetterName) -> None:
    made = letter(name)
    shell = compile_letter(made, name)
    assert (made.kind, made.articles, made.newsletter.template) == (EditionKind.LETTER, (), f"letters/{name}")
    assert shell.content_hash == made.hash
    stored = Shell.from_bytes(shell.to_bytes())
    again = Assembler(stored, made, 7, None, LINKS)
    assert message(name, maker=again).data == message(name).data


@given(st.text(max_size=80), st.sampled_from(NAMES), st.sampled_from(FORMS))
def test_no_name_breaks_out_of_a_letter(greeting: str, name: LetterName, form: Form) -> None:
    hostile, usual = message(name, form, greeting=greeting, name=greeting), message(name, form)
    assert [part.get_content_type() for part in parse(hostile).walk()] == [
        *("multipart/alternative", "text/plain", "text/html")
    ]
    assert parse(hostile).keys() == parse(usual).keys()
    assert _tags(hostile) == _tags(usual)


def _tags(sent: Message) -> list[tuple[str, str | None]]:
    elements = lxml.html.fromstring(parts(sent)[1]).iter(etree.Element)
    return [(element.tag, element.get("href")) for element in elements]


def changed(name: LetterName, part: str, old: str, new: str) -> EditionContent:
    texts = dict(templates(name))
    file = f"letters/{name}/edition.{part}.j2"
    assert old in texts[file]
    return letter(name, templates=texts | {file: texts[file].replace(old, new)})


@pytest.mark.parametrize(
    ("name", "part", "old", "new", "problem"),
    [
        ("confirm", "txt", "{{ slot.action_url }}", "", "lacks {{ slot.action_url }}"),
        ("confirm", "mjml", "slot.action_url", "site.base_url", "lacks {{ slot.action_url }}"),
        ("confirm", "mjml", "slot.action_url", "slot.unsubscribe_url", "there is no slot 'unsubscribe_url'"),
        ("goodbye", "txt", "slot.action_url", "slot.settings_url", "there is no slot 'settings_url'"),
        ("welcome", "txt", "{{ slot.unsubscribe_url }}", "", "lacks {{ slot.unsubscribe_url }}"),
        ("welcome", "mjml", "slot.settings_url", "slot.action_url", "there is no slot 'action_url'"),
        ("settings", "mjml", "{% extends", "{{ slot.preheader }}{% extends", "there is no slot 'preheader'"),
    ],
)
def test_a_template_that_would_fail_a_reader_is_refused(
    name: LetterName, part: str, old: str, new: str, problem: str
) -> None:
    with pytest.raises(TemplateError, match=re.escape(problem)) as caught:
        compile_letter(changed(name, part, old, new), name)
    assert caught.value.file.startswith(f"letters/{name}/edition.{part}")


def test_what_is_no_letter_is_refused() -> None:
    made = letter("confirm")
    with pytest.raises(TemplateError, match="cannot be made from the content of letters/confirm"):
        compile_letter(made, "goodbye")
    with pytest.raises(TemplateError, match="must end at some time"):
        compile_letter(replace(made, expires=None), "confirm")
    with pytest.raises(TemplateError, match="cannot be made from"):
        compile_letter(replace(made, kind=EditionKind.EXTRA), "confirm")
    with pytest.raises(NotFoundError, match="There is no letter birthday among confirm, "):
        letter_content("birthday", site=site(), newsletter=newsletter(), at=AT, templates={})  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="letters/birthday"):
        compile_letter(replace(made, newsletter=newsletter(template="letters/birthday")), "confirm")


def test_an_edition_has_no_link_of_a_letter() -> None:
    with pytest.raises(TemplateError, match=r"there is no slot 'action_url'|'expires' is undefined"):
        compile_edition(replace(letter("confirm"), kind=EditionKind.REGULAR))


@given(
    st.sampled_from(PURPOSES),
    st.binary(min_size=8, max_size=8).map(bytes.hex),
    st.integers(0, 2**32 - 1),
    st.datetimes(datetime(1971, 1, 1), datetime(9999, 1, 1)),  # noqa: DTZ001, made aware below
)
def test_a_letters_token_says_what_was_put_into_it_until_it_ends(
    purpose: LetterPurpose, handle: str, edition: int, expires: datetime
) -> None:
    expires = expires.replace(tzinfo=UTC, microsecond=0)
    token = make_letter_token(SECRET, purpose, handle, edition, expires)
    assert re.fullmatch("[a-z2-7]{40}", token)
    assert token == make_letter_token(SECRET, purpose, handle, edition, expires)
    for spelt in (token, token.upper(), token.title()):
        assert read_letter_token(SECRET, purpose, spelt, expires - timedelta(seconds=1)) == TokenFacts(handle, edition)
    assert read_letter_token(SECRET, purpose, token, expires) is None
    assert letter_token_expiry(SECRET, purpose, token) == expires


@pytest.mark.parametrize("used_for", PURPOSES)
@pytest.mark.parametrize("made_for", PURPOSES)
def test_a_letters_token_is_good_for_its_own_purpose_alone(made_for: LetterPurpose, used_for: LetterPurpose) -> None:
    token = make_letter_token(SECRET, made_for, HANDLE, 7, AT)
    earlier = AT - timedelta(days=1)
    assert (read_letter_token(SECRET, used_for, token, earlier) is not None) is (made_for == used_for)
    assert (letter_token_expiry(SECRET, used_for, token) is not None) is (made_for == used_for)


@pytest.mark.parametrize("place", range(40))
def test_neither_person_nor_end_of_a_letters_token_can_be_altered(place: int) -> None:
    token = make_letter_token(SECRET, "account", HANDLE, 7, AT)
    altered = token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1 :]
    for wrong in (altered, token[:-1], token + "a", token[:32], ""):
        assert read_letter_token(SECRET, "account", wrong, AT - timedelta(days=1)) is None
        assert letter_token_expiry(SECRET, "account", wrong) is None
    assert read_letter_token(b"another secret", "account", token, AT - timedelta(days=1)) is None


def test_the_two_kinds_of_token_are_never_taken_for_each_other() -> None:
    lasting, ending = make_token(SECRET, "settings", HANDLE, 7), make_letter_token(SECRET, "account", HANDLE, 7, AT)
    assert read_letter_token(SECRET, "account", lasting, AT - timedelta(days=1)) is None
    assert read_token(SECRET, "settings", ending) is None
    assert Links("https://kurier.example", SECRET).letter("account", HANDLE, 7, AT).endswith(f"/meine-daten/{ending}")
