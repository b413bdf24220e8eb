"""The report beside an edition, its health, and what became of articles at their sources."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from digest.gather.dedupe import article_key
from digest.model.arrangement import Override
from digest.model.article import Article
from digest.model.desk import DeskFinding, Severity
from digest.model.edits import RewriteArticle, SetSubject
from digest.storage.articles import save_articles
from digest.storage.source_health import note_failure, note_success
from digest.tasks.desk_report import dns_findings
from digest.tasks.dns_check import Sending
from digest.tasks.dns_lookup import Lookup
from digest.tasks.source_changes import source_warnings
from tests.integration.dns_server import serving

ANNA = "editor:anna@probe.example"


@pytest.fixture
def gathered(make_app: Callable[..., Any], now: Any) -> Any:
    """Makes an app, and a function that stands for reading the source "Politik", which lists these articles now."""

    def make(newsletter: dict[str, Any] | None = None, **tables: Any) -> tuple[Any, Callable[..., None]]:
        app = make_app({"at": "23:59"} | (newsletter or {}), **tables)

        def gather(*articles: Article) -> None:
            with app.database.write() as connection:
                new = save_articles(connection, [(article_key(each), each) for each in articles], app.clock())
                note_success(connection, "Politik", found=len(articles), new=new, now=app.clock())

        return app, gather

    return make


def article(number: int, now: Any, **changes: Any) -> Article:
    told = {
        "title": f"Meldung {number}",
        "source": "Politik",
        "lead": f"Über Meldung {number}.",
        "url": f"https://probe.example/{number}",
        "published": now() - timedelta(hours=1 + number),
    }
    return Article(**(told | changes))


def rules(findings: list[DeskFinding]) -> list[str]:
    return [finding.rule for finding in findings]


def flags(app: Any, number: int) -> dict[str, tuple[bool, bool]]:
    state = app.edition_desk.state(number)
    return {each.original.title: (each.changed_at_source, each.withdrawn) for each in state.articles}


def test_an_article_changed_at_its_source_is_flagged_until_it_is_taken_over(gathered: Any, now: Any) -> None:
    app, gather = gathered()
    gather(*(article(n, now) for n in range(3)))
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    assert not any(map(any, flags(app, number).values()))
    same = [article(n, now) for n in range(3)]
    now.moment += timedelta(minutes=10)
    gather(same[0], article(1, now, published=same[1].published, lead="Ganz anders."), same[2])
    assert flags(app, number) == {
        "Meldung 0": (False, False),
        "Meldung 1": (True, False),
        "Meldung 2": (False, False),
    }
    assert source_warnings(app.database, number) == [
        f"Edition {number}: the article 'Meldung 1' was changed at its source since."
    ]
    [told] = [each for each in app.edition_health(number) if each.rule == "changed-at-source"]
    assert told.sentence == "„Meldung 1“ wurde an der Quelle seither geändert."
    assert told in app.desk_report(number, links=False)
    app.prepare(app.newsletters()[0], app.today())
    assert not any(map(any, flags(app, number).values()))
    assert source_warnings(app.database, number) == []


def test_words_written_for_another_version_stay_flagged(gathered: Any, now: Any) -> None:
    app, gather = gathered()
    original = article(0, now)
    gather(original)
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    [key] = [each.key for each in app.edition_desk.state(number).articles]
    rewrite = RewriteArticle(article=key, wording=Override(lead="Unser Vorspann."))
    assert not app.edition_desk.edit(number, rewrite, who=ANNA, based_on=0).articles[0].changed_at_source
    now.moment += timedelta(minutes=10)
    gather(article(0, now, published=original.published, lead="Berichtigt."))
    app.prepare(app.newsletters()[0], app.today())
    [shown] = app.edition_desk.state(number).articles
    assert shown.changed_at_source
    assert (shown.article.lead, shown.original.lead) == ("Unser Vorspann.", "Berichtigt.")
    again = RewriteArticle(article=key, wording=Override(lead="Neu bedacht."))
    assert not app.edition_desk.edit(number, again, who=ANNA, based_on=1).articles[0].changed_at_source


def test_what_falls_off_a_feeds_end_was_not_withdrawn(gathered: Any, now: Any) -> None:
    app, gather = gathered()
    every = [article(n, now) for n in range(4)]
    gather(*every)
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    now.moment += timedelta(minutes=10)
    gather(every[0], every[2])
    assert flags(app, number) == {
        "Meldung 0": (False, False),
        "Meldung 1": (False, True),
        "Meldung 2": (False, False),
        "Meldung 3": (False, False),
    }
    assert "withdrawn" in rules(app.desk_report(number, links=False))
    gather(*every)
    assert not any(map(any, flags(app, number).values()))


def test_a_source_that_failed_withdraws_nothing(gathered: Any, now: Any) -> None:
    app, gather = gathered()
    gather(*(article(n, now) for n in range(3)))
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    now.moment += timedelta(minutes=10)
    with app.database.write() as connection:
        note_failure(connection, "Politik", "answered 500", now=now())
    assert not any(map(any, flags(app, number).values()))
    [told] = [each for each in app.edition_health(number) if each.rule == "source-failed"]
    assert told.place == "Politik"
    assert "lässt sich nicht lesen" in told.sentence


def test_links_that_lead_nowhere_or_elsewhere(gathered: Any, now: Any, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/gut").respond_with_data("ja", content_type="text/html")
    httpserver.expect_request("/alt").respond_with_data("", 301, {"Location": httpserver.url_for("/gut")})
    httpserver.expect_request("/weg").respond_with_data("", 404)
    httpserver.expect_request("/krank").respond_with_data("", 503)
    app, gather = gathered(gather={"allow_networks": ["127.0.0.0/8"]})
    places = ("gut", "alt", "weg", "krank")
    gather(*(article(n, now, url=httpserver.url_for(f"/{place}")) for n, place in enumerate(places)))
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    found = {each.rule: each for each in app.desk_report(number) if each.rule.endswith("-link")}
    assert {rule: each.severity for rule, each in found.items()} == {
        "dead-link": Severity.ERROR,
        "moved-link": Severity.NOTE,
        "unknown-link": Severity.WARNING,
    }
    assert found["dead-link"].place == httpserver.url_for("/weg")
    assert found["moved-link"].sentence.endswith(httpserver.url_for("/gut"))
    asked = len(httpserver.log)
    app.desk_report(number)
    # What was answered is remembered; what was not is asked for again.
    assert len(httpserver.log) == asked + 1


def test_the_report_is_german_graver_things_first_and_at_the_article(gathered: Any, now: Any) -> None:
    app, gather = gathered()
    gather(article(0, now, title="TODO: Titel"), article(1, now, lead="{{ name }}"))
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    app.edition_desk.edit(number, SetSubject(subject="x" * 70), who=ANNA, based_on=0)
    found = app.desk_report(number, links=False)
    severities = [list(Severity).index(each.severity) for each in found]
    assert severities == sorted(severities)
    placeholder = found[0]
    assert (placeholder.rule, placeholder.severity, placeholder.article) == (
        "placeholder",
        Severity.ERROR,
        "probe.example/1",
    )
    assert {"subject", "gmail-size", "missing-prices"} <= set(rules(found))
    assert next(each for each in found if each.rule == "gmail-size").sentence.startswith("Die längste Nachricht hat ")


def test_an_edition_that_is_thinner_than_usual(gathered: Any, now: Any) -> None:
    app, gather = gathered()
    for day in range(3):
        gather(*(article(10 * day + n, now, published=now()) for n in range(6)))
        app.prepare(app.newsletters()[0], app.today())
        now.moment += timedelta(days=1)
    gather(article(99, now, title="Allein", published=now()))
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    few = [each.sentence for each in app.edition_health(number) if each.rule == "few-articles"]
    assert few == ["Die Ausgabe hat nur 1 Artikel; die letzten hatten im Schnitt 6."]


def test_a_source_that_is_silent_or_was_rebuilt(gathered: Any, now: Any) -> None:
    app, gather = gathered()
    gather(*(article(n, now, body=("Viel Text. " * 200,)) for n in range(4)))
    app.prepare(app.newsletters()[0], app.today())
    now.moment += timedelta(hours=40)
    gather(*(article(n, now, body=("Viel Text. " * 200,)) for n in range(4)))
    silent = app.prepare(app.newsletters()[0], app.today()).edition.number
    assert "source-silent" in rules(app.edition_health(silent))
    gather(*(article(n, now, title=f"Kurz {n}", published=None, body=()) for n in range(10, 14)))
    rebuilt = [each.sentence for each in app.edition_health(silent) if each.rule == "source-changed"]
    assert rebuilt == ["Die Quelle „Politik“ liefert seit gestern ohne Datum; vielleicht wurde ihre Seite umgebaut."]


def test_what_is_over_is_healthy(gathered: Any, now: Any, add_person: Any) -> None:
    app, gather = gathered()
    add_person(app, "anna@leser.example")
    gather(article(0, now))
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    assert "missing-prices" in rules(app.edition_health(number))
    app.sender().send(number, app.prices)
    assert app.edition_health(number) == []


def test_the_command_warns_before_it_sends(gathered: Any, now: Any, add_person: Any, digest: Any) -> None:
    app, gather = gathered()
    add_person(app, "anna@leser.example")
    original = article(0, now)
    gather(original)
    app.prepare(app.newsletters()[0], app.today())
    gather(article(0, now, published=original.published, lead="Anders."))
    app.close()
    ran = digest("send", "--edition", "1")
    assert "the article 'Meldung 0' was changed at its source since" in ran.stderr


def test_what_the_dns_says_is_told_once_each() -> None:
    sending = Sending(
        senders={"site.sender": "probe.example"}, envelope="probe.example", dkim=None, relays=(), signed_elsewhere=True
    )
    with serving({("probe.example", "TXT"): ['"v=spf1 a -all"'], ("probe.example", "A"): ["192.0.2.1"]}) as server:
        found = {each.rule: each for each in dns_findings(sending, Lookup(server.address, seconds=2))}
    assert set(found) == {"spf", "dkim", "dmarc"}
    assert (found["spf"].severity, found["spf"].sentence) == (Severity.NOTE, "SPF ist in Ordnung.")
    assert found["dmarc"].severity is Severity.WARNING
    assert "Postfächer können die Ausgabe ablehnen" in found["dmarc"].sentence
