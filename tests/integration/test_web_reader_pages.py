"""What readers do on the public pages, and what others try there."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from digest.app import App
from digest.deliver.memory import MemoryBackend
from subscribers.model import Subscriber
from subscribers.repository import find_subscriber
from tests.conftest import MORNING, Now
from tests.integration.conftest import MakeWebsite, Website
from tests.integration.letters import send_letters

XSS = '"><script>alert(1)</script>'
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
WEEK = {"slug": "woche", "name": "Die Woche", "lists": ["woche"], "template": "weekly", "days": "sun"}
MORNING_PAPER = {"slug": "morgen", "name": "Der Morgen", "lists": ["morgen"], "days": "daily"}


class Person(NamedTuple):
    """A subscriber, and the links of the one mail that they got."""

    site: Website
    id: int
    handle: str

    def link(self, place: str) -> str:
        links = self.site.app.links
        made = {
            "abmelden": links.unsubscribe,
            "einstellungen": links.settings,
            "ausgabe": links.browser,
        }[place]
        return made(self.handle, 1).removeprefix("https://probe.example")

    def now(self) -> Subscriber | None:
        from subscribers.repository import subscriber_by_handle

        with self.site.app.database.read() as connection:
            return subscriber_by_handle(connection, self.handle)

    def states(self) -> dict[str, str]:
        from subscribers.subscriptions import subscriptions_of

        with self.site.app.database.read() as connection:
            return {each.list_slug: str(each.state) for each in subscriptions_of(connection, self.id)}


@pytest.fixture
def site(make_website: MakeWebsite, make_app: Callable[..., App]) -> Website:
    from subscribers.lists import create_list

    app = make_app(
        backend=MemoryBackend(),
        newsletters=[MORNING_PAPER, WEEK],
        sources=[{"name": "Politik", "type": "sample", "topics": ["politik", "krypto"]}],
    )
    with app.database.write() as connection:
        create_list(connection, "woche", "Die Woche", now=app.clock())
    return make_website(app=app)


@pytest.fixture
def anna(site: Website, add_person: Callable[..., Any], add_articles: Callable[..., None]) -> Person:
    person = add_person(site.app, "anna@leser.example", first_name="Anna", last_name="Weber")
    add_articles(site.app, ("Der Hafen wird bebaut", MORNING))
    app = site.app
    number = app.prepare(app.newsletters("morgen")[0], app.today()).edition.number
    assert number == 1
    assert app.sender().send(number, app.prices).submitted == 1
    return Person(site, person.id, person.handle)


def test_from_the_form_to_the_first_edition(site: Website) -> None:
    form = site.client.get("/anmelden/morgen")
    assert "Hiermit willigen Sie ein" in form.text
    version = re.search(r'name="consent" value="([^"]+)"', form.text)
    assert version
    done = site.client.post("/anmelden/morgen", data={"email": "Neu@Leser.example", "consent": version[1]})
    assert done.status_code == 200
    assert "leser" not in done.text.casefold()
    [(to, _, link)] = send_letters(site.app)
    assert to == "Neu@leser.example"
    before = site.dump()
    for _ in range(2):
        assert "Anmeldung bestätigen" in site.client.get(link).text
        site.client.head(link)
    assert site.dump() == before
    assert "Sie sind angemeldet" in site.client.post(link).text
    with site.app.database.read() as connection:
        person = find_subscriber(connection, "neu@leser.example", secret=site.app.secret)
    assert person is not None
    assert Person(site, person.id, person.handle).states() == {"morgen": "active"}
    assert site.client.post(link).status_code == 200
    assert "Sie sind angemeldet" in site.client.get(link).text


def test_a_form_on_another_site_works_and_is_written_down(site: Website) -> None:
    answer = site.client.post(
        "/anmelden/morgen",
        data={"email": "neu@leser.example"},
        headers={"origin": "https://verlag.example", "referer": "https://verlag.example/seite?u=42#x"},
    )
    assert answer.status_code == 200
    dump = "\n".join(site.dump())
    assert "https://verlag.example/seite'" in dump
    assert "u=42" not in dump


NO_ADDRESSES = (
    "",
    "keine",
    "a@",
    "@b.example",
    "a@b",
    f"a{XSS}@b.example",
    "a@b.example\r\nBcc: x@y.example",
    "x" * 3000,
)


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_said_and_kept_in_the_form(site: Website, address: str) -> None:
    before = site.dump()
    answer = site.client.post("/anmelden/morgen", data={"email": address})
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert "<script" not in answer.text
    assert site.dump() == before


def test_whoever_fills_in_the_trap_is_answered_alike_and_forgotten(site: Website) -> None:
    before = site.dump()
    trapped = site.client.post("/anmelden/morgen", data={"email": "bot@leser.example", "nachricht": "kauft"})
    assert site.dump() == before
    assert trapped.text == site.client.post("/anmelden/morgen", data={"email": "mensch@leser.example"}).text


def test_new_known_and_suppressed_addresses_get_the_same_page(anna: Person) -> None:
    from subscribers.addresses import parse_address
    from subscribers.model import SuppressionReason
    from subscribers.suppression import suppress_address

    site = anna.site
    with site.app.database.write() as connection:
        suppress_address(
            connection, parse_address("nie@leser.example"), reason=SuppressionReason.REQUEST, source="test",
            secret=site.app.secret, now=site.app.clock(),
        )  # fmt: skip
    people = ("neu@leser.example", "anna@leser.example", "nie@leser.example")
    for path in ("/anmelden/morgen", "/meine-daten"):
        answers = [site.client.post(path, data={"email": person}) for person in people]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert len({tuple(answer.headers.items()) for answer in answers}) == 1


def test_one_click_ends_it_without_cookie_login_or_redirect(anna: Person) -> None:
    """RFC 8058, 3.1 and 3.2."""
    path = anna.link("abmelden")
    before = anna.site.dump()
    for _ in range(3):
        assert anna.site.client.get(path).status_code == 200
        assert anna.site.client.head(path).status_code == 200
    assert anna.site.dump() == before
    answer = anna.site.client.post(path, data=ONE_CLICK)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert anna.states() == {"morgen": "unsubscribed"}
    assert anna.site.client.post(path, data=ONE_CLICK).status_code == 200


def test_one_click_may_be_multipart(anna: Person) -> None:
    answer = anna.site.client.post(anna.link("abmelden"), files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert anna.states() == {"morgen": "unsubscribed"}


def test_leaving_on_the_page_and_coming_back(anna: Person) -> None:
    page = anna.site.client.get(anna.link("abmelden")).text
    assert "a…@leser.example" in page
    assert "anna@" not in page
    assert "Weber" not in page
    left = anna.site.client.post(anna.link("abmelden"), data={"reason": XSS})
    assert "Sie sind abgemeldet" in left.text
    assert "<script" not in left.text
    assert not any("<script" in line for line in anna.site.dump())
    assert "Sie sind abgemeldet" in anna.site.client.get(anna.link("abmelden")).text
    [(to, _, undo)] = send_letters(anna.site.app)
    assert to == "anna@leser.example"
    before = anna.site.dump()
    assert "Abmeldung zurücknehmen" in anna.site.client.get(undo).text
    assert anna.site.dump() == before
    assert "wieder dabei" in anna.site.client.post(undo).text
    assert anna.states() == {"morgen": "active"}


def test_settings_are_shown_and_changed(anna: Person) -> None:
    path = anna.link("einstellungen")
    before = anna.site.dump()
    page = anna.site.client.get(path).text
    assert anna.site.dump() == before
    assert "anna@" not in page
    assert "Weber" not in page
    changed = anna.site.client.post(
        path,
        data={
            "group": ["newsletters", "topics", "coins", "max_articles", "form", "paused_until"],
            "newsletters": ["morgen"],
            "topics": ["politik"],
            "coin-BTC": "2", "coin-ETH": "", "coin-LTC": "1",
            "max_articles": "5",
            "form": "du",
            "paused_until": "2026-04-01",
        },
    )  # fmt: skip
    assert "Gespeichert" in changed.text
    assert "Deine Einstellungen" in changed.text
    person = anna.now()
    assert person is not None
    assert (person.topics, person.coins, person.max_articles, person.form) == (("politik",), ("LTC", "BTC"), 5, "du")
    assert 'value="2026-04-01"' in anna.site.client.get(path).text
    assert anna.states() == {"morgen": "active"}


def test_what_the_page_shows_can_be_saved_as_it_is(anna: Person) -> None:
    before = anna.now()
    sent = {"group": ["newsletters", "topics", "coins", "max_articles", "form", "paused_until"]}
    shown = {
        "newsletters": ["morgen"], "coin-BTC": "1", "coin-ETH": "2", "coin-LTC": "3", "max_articles": "",
        "form": "Sie", "paused_until": "",
    }  # fmt: skip
    assert anna.site.client.post(anna.link("einstellungen"), data=sent | shown).status_code == 200
    assert anna.now() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("max_articles", value) for value in ("0", "61", "٣", "1e3", "-1")),
        *(("paused_until", value) for value in ("morgen", "2026-02-30")),
        *(("coin-BTC", value) for value in ("x", "9999")),
        ("form", "ihr"),
    ],
)
def test_what_a_field_cannot_hold_changes_nothing(anna: Person, field: str, value: str) -> None:
    before = anna.site.dump()
    sent = {"group": ["coins", "max_articles", "form", "paused_until"], "form": "du", "max_articles": "3"}
    answer = anna.site.client.post(anna.link("einstellungen"), data=sent | {field: value})
    assert answer.status_code == 400
    assert "Nichts wurde gespeichert" in answer.text
    assert anna.site.dump() == before


@pytest.mark.parametrize("body", [{}, ONE_CLICK, {"newsletters": "woche"}, {"group": "unbekannt"}])
def test_a_form_that_is_not_ours_changes_no_settings(anna: Person, body: dict[str, str]) -> None:
    before = anna.site.dump()
    anna.site.client.post(anna.link("einstellungen"), data=body)
    assert anna.site.dump() == before


def own_data(person: Person) -> str:
    """The fresh link to somebody's own data, asked for from their settings."""
    answer = person.site.client.post(f"{person.link('einstellungen')}/zugang")
    assert "Wir haben eine E-Mail" in answer.text
    [(to, _, link)] = send_letters(person.site.app)
    assert to == "anna@leser.example"
    return link


def test_own_data_are_opened_changed_and_exported_by_a_fresh_link(anna: Person) -> None:
    path, client = own_data(anna), anna.site.client
    before = anna.site.dump()
    assert 'value="Weber"' in client.get(path).text
    exported = client.get(f"{path}/export.json")
    assert anna.site.dump() == before
    assert "attachment" in exported.headers["content-disposition"]
    assert "anna@leser.example" in exported.text
    assert exported.json()
    changed = client.post(path, data={"last_name": "O'Neill & <Söhne>", "salutation": "Frau"})
    assert "O&#39;Neill &amp; &lt;Söhne&gt;" in changed.text
    person = anna.now()
    assert person is not None
    assert (person.first_name, person.last_name) == ("Anna", "O'Neill & <Söhne>")
    assert client.post(path, data={"salutation": "Lord"}).status_code == 400
    assert "Ihre Einstellungen" in client.get(path.replace("meine-daten", "einstellungen")).text


def test_a_new_address_counts_once_its_link_is_used(anna: Person) -> None:
    path, client = own_data(anna), anna.site.client
    assert client.post(f"{path}/adresse", data={"email": "keine"}).status_code == 400
    asked = client.post(f"{path}/adresse", data={"email": "anna.neu@leser.example"})
    assert "Link an die neue Adresse" in asked.text
    person = anna.now()
    assert person is not None
    assert person.email == "anna@leser.example"
    link = next(link for to, _, link in send_letters(anna.site.app) if to == "anna.neu@leser.example")
    before = anna.site.dump()
    assert "Neue Adresse bestätigen" in client.get(link).text
    assert anna.site.dump() == before
    assert "Die neue Adresse gilt" in client.post(link).text
    person = anna.now()
    assert person is not None
    assert person.email == "anna.neu@leser.example"


def test_erasure_wants_a_second_step_and_leaves_nothing_behind(anna: Person) -> None:
    path, client = own_data(anna), anna.site.client
    before = anna.site.dump()
    assert "Endgültig löschen" in client.get(f"{path}/loeschen").text
    assert anna.site.dump() == before
    assert "gelöscht" in client.post(f"{path}/loeschen").text
    assert anna.now() is None
    assert not any("anna@leser.example" in line for line in anna.site.dump())
    for gone in (path, f"{path}/export.json", anna.link("einstellungen"), anna.link("ausgabe"), anna.link("abmelden")):
        assert client.get(gone).status_code == 404


def test_a_forwarded_mail_opens_no_data(anna: Person) -> None:
    token = anna.link("einstellungen").rpartition("/")[2]
    for path in ("", "/export.json", "/loeschen"):
        assert anna.site.client.get(f"/meine-daten/{token}{path}").status_code == 404
    assert anna.site.client.post(f"/meine-daten/{token}", data={"last_name": "X"}).status_code == 404
    assert anna.site.client.post(f"/meine-daten/{token}/loeschen").status_code == 404
    assert anna.now() is not None


PLACES = [
    "abmelden", "einstellungen", "ausgabe", "anmeldung-bestaetigen", "abmeldung-zuruecknehmen", "meine-daten",
    "adresse-bestaetigen",
]  # fmt: skip


def test_swapped_altered_and_made_up_tokens_open_nothing_and_say_nothing(anna: Person) -> None:
    client = anna.site.client
    own = own_data(anna)
    tokens = {place: anna.link(place).rpartition("/")[2] for place in ("abmelden", "einstellungen", "ausgabe")}
    tokens["meine-daten"] = own.rpartition("/")[2]
    before = anna.site.dump()
    pages = set()
    for place in PLACES:
        wrong = {token for made_for, token in tokens.items() if made_for != place}
        if place == "einstellungen":
            wrong.discard(tokens["meine-daten"])  # who may see the data may see the settings
        genuine = tokens.get(place, tokens["abmelden"])
        wrong |= {genuine[:-1] + ("a" if genuine[-1] != "a" else "b"), "b" + genuine[1:], "x", "%ff", "null"}
        for token in wrong:
            for answer in (
                client.get(f"/{place}/{token}"),
                *([] if place == "ausgabe" else [client.post(f"/{place}/{token}")]),
            ):
                assert answer.status_code == 404, (place, token)
                pages.add(answer.text)
    assert len(pages) == 1
    assert anna.site.dump() == before


def test_an_ended_link_says_so_and_names_nobody(anna: Person, now: Now) -> None:
    path = own_data(anna)
    anna.site.client.post(anna.link("abmelden"))
    undo = next(link for _, _, link in send_letters(anna.site.app) if "zuruecknehmen" in link)
    now.moment += timedelta(days=60)
    answer = anna.site.client.get(undo)
    assert answer.status_code == 410
    assert "abgelaufen" in answer.text
    assert "leser.example" not in answer.text
    assert anna.site.client.post(undo).status_code == 410
    assert anna.site.client.get(path).status_code in (404, 410)


def test_every_link_of_a_message_can_be_opened_by_a_scanner(anna: Person) -> None:
    backend = anna.site.app.backend()
    assert isinstance(backend, MemoryBackend)
    data = b"".join(message.data for message in backend.messages)
    text = email.message_from_bytes(data, policy=email.policy.default)
    links = {
        found
        for part in text.walk()
        if part.get_content_maintype() == "text"
        for found in re.findall(r"https://probe\.example(/[^\s\"<>]*)", part.get_content())
    }
    assert {link.split("/")[1] for link in links} >= {"abmelden", "einstellungen", "ausgabe"}
    before = anna.site.dump()
    for link in links:
        assert anna.site.client.get(link).status_code == 200
        assert anna.site.client.head(link).status_code == 200
    assert anna.site.dump() == before


def test_no_page_leads_elsewhere_by_a_parameter(anna: Person) -> None:
    for path in (anna.link("abmelden"), anna.link("einstellungen"), "/anmelden/morgen", "/"):
        for name in ("next", "url", "redirect", "return_to"):
            answer = anna.site.client.get(f"{path}?{name}=https://evil.example/")
            assert answer.status_code == 200
            assert "evil.example" not in answer.text


def test_pages_speak_to_readers_as_the_site_does(make_website: MakeWebsite) -> None:
    client = make_website(site={"form": "du"}).client
    for path in ("/", "/anmelden/morgen", "/meine-daten"):
        page = client.get(path).text
        assert not re.search(r"\b(Sie|Ihre?[nmrs]?|Ihnen)\b", page), path
