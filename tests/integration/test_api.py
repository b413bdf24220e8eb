"""The API as a program meets it: over the site's own web server, in process."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

from digest.model.api_key import Scope
from digest.storage.keys import create_key, list_keys, revoke_key
from digest.tasks.bounce_webhooks import PROVIDERS
from digest.tasks.bounce_webhooks.base import Received
from digest.web.api.rates import CALLS_PER_MINUTE
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.lists import archive_list, create_list
from subscribers.segment_store import create_segment

PROBLEM = "application/problem+json"


class Program:
    """A program with a key; `call` gives status and decoded body."""

    def __init__(self, website: Any) -> None:
        self.app, self.client, self._dump = website.app, website.client, website.dump
        self.key = self.new_key("crm", *Scope)

    def new_key(self, name: str, *scopes: Scope) -> str:
        with self.app.database.write() as connection:
            return create_key(connection, name, scopes, now=self.app.clock())[1]

    def ask(self, method: str, path: str, *, key: str | None = None, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {key or self.key}"} | options.pop("headers", {})
        return self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        answer = self.ask(method, path, **({} if body is None else {"json": body}), **options)
        return answer.status_code, answer.json() if answer.content else None

    def person(self, email: str = "anna@probe.example", **values: Any) -> dict[str, Any]:
        status, person = self.call("POST", "/subscribers", {"email": email} | values)
        assert status in (200, 201), person
        return dict(person)

    def dump(self) -> list[str]:
        """What is in the database; a number that is drawn and not used leaves a gap, and nothing else."""
        return [line for line in self._dump() if "sqlite_sequence" not in line]

    def audit(self) -> list[Any]:
        with self.app.database.read() as connection:
            return list_changes(connection)


@pytest.fixture
def program(make_website: Callable[..., Any]) -> Program:
    return Program(make_website())


def standing(person: dict[str, Any]) -> dict[str, str]:
    return {each["list"]: each["state"] for each in person["subscriptions"]}


CONSENT = {"source": "Kassenformular", "at": "2026-03-01T10:00:00+01:00", "ip": "192.0.2.7", "text": "Ja, gern."}


# Who may call


def test_nobody_comes_in_without_a_good_key(program: Program) -> None:
    for headers in (
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {program.key}"},
        {"Authorization": program.key},
        {"Authorization": f"Bearer {program.key}x"},
        {"Authorization": f"Bearer {program.key[:-1]}"},
        {"Authorization": "Bearer digest_00000000_" + "0" * 64},
        {"Authorization": "Bearer \u00e4\u00f6"},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Cookie": f"key={program.key}"},
        {"X-API-Key": program.key},
    ):
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = program.client.get("/api/v1/lists", headers=encoded)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == PROBLEM
        assert program.key not in answer.text


def test_a_prefix_with_somebody_elses_secret_is_no_key(program: Program) -> None:
    other = program.new_key("other", Scope.LISTS_READ)
    crossed = program.key[:16] + other[16:]
    assert program.call("GET", "/lists", key=crossed)[0] == 401
    assert program.call("GET", "/lists", key=other)[0] == 200


def test_a_revoked_key_is_dead_at_once(program: Program) -> None:
    assert program.call("GET", "/lists")[0] == 200
    with program.app.database.write() as connection:
        revoke_key(connection, "crm", now=program.app.clock())
    assert program.call("GET", "/lists")[0] == 401


def test_every_operation_needs_its_scope_and_says_which(program: Program) -> None:
    document = program.client.get("/api/v1/openapi.json").json()
    seen: list[str] = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            scope = operation["description"].rpartition("`")[0].rpartition("`")[2]
            lacking = program.new_key(f"all-but-{len(seen)}", *(each for each in Scope if each != scope))
            concrete = path.replace("{subscriber}", "1").replace("{slug}", "morgen").replace("{edition}", "1")
            status, problem = program.call(method.upper(), concrete, {}, key=lacking)
            assert (status, problem["status"]) == (403, 403)
            assert scope in problem["detail"]
            assert document["security"] == [{"key": []}]
            seen.append(scope)
    assert set(seen) == {scope.value for scope in Scope}


def test_the_last_use_is_noted_once_a_minute(program: Program, now: Any) -> None:
    def noted() -> Any:
        with program.app.database.read() as connection:
            return list_keys(connection)[0].last_used_at

    program.call("GET", "/lists")
    first = noted()
    now.moment += timedelta(seconds=59)
    program.call("GET", "/lists")
    assert noted() == first == now.moment - timedelta(seconds=59)
    now.moment += timedelta(seconds=1)
    program.call("GET", "/lists")
    assert noted() == now.moment


def test_a_key_may_call_so_often_and_another_is_not_held_up(program: Program, now: Any) -> None:
    other = program.new_key("other", Scope.EVENTS_READ)
    statuses = [program.call("GET", "/editions/1", headers={})[0] for _ in range(CALLS_PER_MINUTE)]
    assert set(statuses) == {404}
    answer = program.ask("GET", "/editions/1")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["status"] == 429
    assert program.call("GET", "/events", key=other)[0] == 200
    now.moment += timedelta(seconds=1)
    assert program.call("GET", "/editions/1")[0] == 404


def test_no_other_sites_page_can_use_it(program: Program) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answers = [program.ask(method, "/lists", headers=asked) for method in ("GET", "OPTIONS")]
    assert [answer.status_code for answer in answers] == [200, 405]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control") or name == "set-cookie"]
        assert answer.headers["cache-control"] == "no-store"


# What is refused


class Refused(NamedTuple):
    """A call, and the status that it is refused with."""

    status: int
    method: str
    path: str
    content: bytes = b""
    kind: str = "application/json"


REFUSED = [
    Refused(404, "GET", "/nothing"),
    Refused(404, "GET", "/"),
    Refused(404, "GET", "/subscribers/none"),
    Refused(404, "GET", "/subscribers/1/subscriptions"),
    Refused(404, "GET", "/lists/none"),
    Refused(404, "GET", "/subscribers?list=none"),
    Refused(404, "GET", "/subscribers?segment=none"),
    Refused(400, "GET", "/lists/N%00NE"),
    Refused(400, "GET", "/lists/%C3%A4"),
    Refused(400, "GET", "/subscribers/99999999999999999999999999"),
    Refused(400, "GET", "/subscribers/0"),
    Refused(400, "GET", "/subscribers/-1"),
    Refused(400, "GET", "/subscribers?after=99999999999999999999"),
    Refused(400, "GET", "/subscribers?after=-1"),
    Refused(400, "GET", "/subscribers?limit=0"),
    Refused(400, "GET", "/subscribers?limit=1001"),
    Refused(400, "GET", "/subscribers?limit=many"),
    Refused(400, "GET", "/subscribers?limit=1&limit=2"),
    Refused(400, "GET", "/subscribers?state=asleep"),
    Refused(400, "GET", "/subscribers?stat=active"),
    Refused(400, "GET", "/subscribers?app=x"),
    Refused(400, "GET", "/subscribers/1?subscriber=2"),
    Refused(400, "POST", "/subscribers?data=x", b'{"email": "a@b.example"}'),
    Refused(404, "GET", "/editions/99"),
    Refused(400, "GET", "/subscribers?email=anna@probe.example"),
    Refused(400, "GET", "/subscribers?list=1%27%20OR%20%271"),
    Refused(400, "GET", "/editions?newsletter=%00"),
    Refused(405, "DELETE", "/lists"),
    Refused(405, "PUT", "/subscribers/1"),
    Refused(405, "POST", "/events"),
    Refused(413, "POST", "/subscribers", b'{"email": "' + b"x" * 70_000 + b'"}'),
    Refused(415, "POST", "/subscribers", b"email=a@b.example", "application/x-www-form-urlencoded"),
    Refused(415, "POST", "/subscribers", b"<x/>", "application/xml"),
    Refused(415, "POST", "/subscribers", b"{}", "application/json; charset=utf-16"),
    Refused(415, "POST", "/subscribers", b"{}", ""),
    Refused(400, "POST", "/subscribers"),
    Refused(400, "POST", "/subscribers", b"{"),
    Refused(400, "POST", "/subscribers", b"null"),
    Refused(400, "POST", "/subscribers", b"[]"),
    Refused(400, "POST", "/subscribers", b"{}"),
    Refused(400, "POST", "/subscribers", b"[" * 60_000),
    Refused(400, "POST", "/subscribers", b'{"email": "\xff@b.example"}'),
    Refused(400, "POST", "/subscribers", b'{"email": "\\ud800@b.example"}'),
    Refused(400, "POST", "/subscribers", b'{"email": 5}'),
    Refused(400, "POST", "/subscribers", b'{"email": null}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "email_key": "x"}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "handle": "x"}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "first_name": "A\\u0000"}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "first_name": "A\\r\\nBcc: x"}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "attributes": {"a\\u0000": "x"}}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "attributes": {"a": 1}}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "topics": "krypto"}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "topics": ["a;b"]}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "coins": ["B T C"]}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "max_articles": 0}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "max_articles": "5"}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "max_articles": 5.5}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "max_articles": 1e400}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "max_articles": 9223372036854775808}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "salutation": "Mr"}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "lists": ["Morgen"]}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "consent": {}}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "consent": {"source": ""}}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "consent": {"source": "x", "at": "2026-03-01"}}'),
    Refused(400, "POST", "/subscribers", b'{"email": "a@b.example", "consent": {"source": "x", "at": 5}}'),
    Refused(404, "POST", "/subscribers", b'{"email": "a@b.example", "lists": ["morgen", "abend"]}'),
    Refused(422, "POST", "/subscribers", b'{"email": "nobody"}'),
    Refused(422, "POST", "/subscribers", b'{"email": "a@b.example\\r\\nx@y.example"}'),
    Refused(422, "POST", "/subscribers", b'{"email": "a\\u0000@b.example"}'),
    Refused(422, "POST", "/subscribers", b'{"email": "a@b.example", "consent": {"source": " "}}'),
    Refused(422, "POST", "/subscribers", b'{"email": "a@b.example", "consent": {"source": "x", "ip": "here"}}'),
    Refused(
        422,
        "POST",
        "/subscribers",
        b'{"email": "a@b.example", "consent": {"source": "x", "at": "2099-01-01T00:00:00Z"}}',
    ),
    Refused(422, "POST", "/subscribers", b'{"email": "a@b.example", "lists": ["old"]}'),
    Refused(422, "POST", "/subscribers/lookup", b'{"email": "nobody"}'),
    Refused(404, "POST", "/subscribers/lookup", b'{"email": "nobody@probe.example"}'),
    Refused(404, "PATCH", "/subscribers/99", b"{}"),
    Refused(404, "PUT", "/subscribers/99/subscriptions/morgen", b"{}"),
    Refused(404, "DELETE", "/subscribers/99/subscriptions/morgen"),
    Refused(404, "DELETE", "/subscribers/99"),
    Refused(422, "POST", "/suppressions", b"{}"),
    Refused(422, "POST", "/suppressions", b'{"address": "a@b.example", "domain": "b.example"}'),
    Refused(422, "POST", "/suppressions", b'{"domain": "no domain"}'),
    Refused(400, "POST", "/suppressions", b'{"reason": "erased"}'),
    Refused(409, "POST", "/lists", b'{"slug": "morgen"}'),
    Refused(400, "POST", "/lists", b'{"slug": "a b"}'),
    Refused(422, "PATCH", "/lists/morgen", b'{"name": " "}'),
    Refused(404, "PATCH", "/lists/none", b'{"archived": true}'),
]


@pytest.mark.parametrize("status", sorted({each.status for each in REFUSED}))
def test_what_is_refused_is_a_problem_and_changes_nothing(program: Program, status: int) -> None:
    with program.app.database.write() as connection:
        create_list(connection, "old", "Alt", now=program.app.clock())
        archive_list(connection, "old", now=program.app.clock())
    program.call("GET", "/lists")  # the key's use is noted now
    before = program.dump()
    for call in [each for each in REFUSED if each.status == status]:
        answer = program.ask(call.method, call.path, content=call.content, headers={"Content-Type": call.kind})
        assert answer.headers["content-type"] == PROBLEM, call
        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (status, status), (call, problem)
        assert problem["title"], call
        assert problem["detail"], call
        assert (status == 405) == ("allow" in answer.headers), call
        assert program.dump() == before, call


def test_a_problem_says_where(program: Program) -> None:
    _, problem = program.call("POST", "/subscribers", {"email": "a@b.example", "topics": ["a", 5]})
    assert problem["errors"] == [{"at": "$.topics[1]", "problem": "Expected `str`, got `int`"}]


def test_a_database_out_of_order_is_a_503_that_names_no_file(program: Program) -> None:
    with program.app.database.write() as connection:
        connection.execute(text("ALTER TABLE lists RENAME TO gone"))
    status, problem = program.call("GET", "/lists")
    assert (status, problem["type"]) == (503, "urn:problem:database")
    assert "/" not in problem["detail"]


# People


def test_a_person_is_added_once_and_added_to(program: Program) -> None:
    first = {
        "first_name": " Änna ",
        "topics": ["Krypto"],
        "coins": ["btc"],
        "tags": ["vip"],
        "attributes": {"stadt": "Köln"},
    }
    status, added = program.call("POST", "/subscribers", {"email": "Anna@probe.example"} | first)
    assert status == 201
    assert (added["first_name"], added["topics"], added["coins"]) == ("Änna", ["krypto"], ["BTC"])
    status, again = program.call(
        "POST", "/subscribers", {"email": "anna@PROBE.example", "tags": ["neu"], "attributes": {"plz": "5"}}
    )
    assert (status, again["id"], again["first_name"]) == (200, added["id"], "Änna")
    assert again["tags"] == ["vip", "neu"]
    assert again["attributes"] == {"stadt": "Köln", "plz": "5"}
    assert set(again) == set(added)
    assert not {"email_key", "handle", "domain", "updated_at"} & set(again)
    entries = [entry for entry in program.audit() if entry.subscriber_id == added["id"]]
    assert [(entry.who, entry.what) for entry in entries] == [
        ("key:crm", "subscriber.change"),
        ("key:crm", "subscriber.add"),
    ]
    assert entries[0].detail == {"fields": "tags attributes"}


def test_doing_it_twice_changes_nothing(program: Program) -> None:
    body = {"email": "anna@probe.example", "lists": ["morgen"], "consent": CONSENT, "tags": ["vip"]}
    program.call("POST", "/subscribers", body)
    before = program.dump()
    assert program.call("POST", "/subscribers", body)[0] == 200
    assert program.dump() == before


def test_a_consent_makes_active_and_is_kept_as_stated(program: Program) -> None:
    person = program.person(lists=["morgen"], consent=CONSENT)
    assert standing(person) == {"morgen": "active"}
    with program.app.database.read() as connection:
        (event,) = consent_history(connection, person["id"])
    assert (event.source, event.text, event.at.isoformat()) == (
        "Kassenformular",
        "Ja, gern.",
        "2026-03-01T09:00:00+00:00",
    )
    assert event.ip == ""


def test_the_ip_address_is_kept_where_the_site_says_so(make_website: Callable[..., Any]) -> None:
    program = Program(make_website(privacy={"store_ip": True}))
    person = program.person(lists=["morgen"], consent=CONSENT)
    with program.app.database.read() as connection:
        assert [event.ip for event in consent_history(connection, person["id"])] == ["192.0.2.7"]


def test_without_consent_they_are_pending_and_are_asked_by_letter(program: Program) -> None:
    from digest.tasks.ask_pending import ask_pending

    person = program.person(lists=["morgen"])
    assert standing(person) == {"morgen": "pending"}
    assert ask_pending(program.app.desk) == 1


def test_who_left_comes_back_by_a_confirmation_only(program: Program) -> None:
    person = program.person(lists=["morgen"], consent=CONSENT)
    path = f"/subscribers/{person['id']}/subscriptions/morgen"
    assert standing(program.call("DELETE", path)[1]) == {"morgen": "unsubscribed"}
    assert standing(program.call("DELETE", path)[1]) == {"morgen": "unsubscribed"}
    assert standing(program.call("PUT", path, {"consent": CONSENT})[1]) == {"morgen": "pending"}
    assert standing(program.person(lists=["morgen"], consent=CONSENT)) == {"morgen": "pending"}


def test_who_is_suppressed_is_not_added(program: Program) -> None:
    person = program.person(lists=["morgen"], consent=CONSENT)
    program.call("POST", "/suppressions", {"domain": "probe.example"})
    for email in ("anna@probe.example", "bert@probe.example"):
        status, problem = program.call("POST", "/subscribers", {"email": email})
        assert (status, problem["type"]) == (409, "urn:problem:suppressed")
    program.call("POST", "/lists", {"slug": "abend"})
    assert program.call("PUT", f"/subscribers/{person['id']}/subscriptions/abend", {})[0] == 409
    assert program.call("GET", f"/subscribers/{person['id']}")[1] == person


def test_a_person_is_found_by_address_and_by_number(program: Program) -> None:
    anna = program.person(lists=["morgen"], consent=CONSENT)
    assert program.call("POST", "/subscribers/lookup", {"email": "ANNA@probe.example"}) == (200, anna)
    assert program.call("GET", f"/subscribers/{anna['id']}") == (200, anna)


def test_values_are_set_and_emptied(program: Program) -> None:
    anna = program.person(first_name="Anna", max_articles=5, tags=["a"], attributes={"x": "1"})
    path = f"/subscribers/{anna['id']}"
    changed = program.call("PATCH", path, {"last_name": "Weber", "max_articles": None, "tags": []})[1]
    assert changed == anna | {"last_name": "Weber", "max_articles": None, "tags": []}
    assert program.call("PATCH", path, {"attributes": {"y": "2"}})[1]["attributes"] == {"y": "2"}
    assert program.call("PATCH", path, {})[1]["last_name"] == "Weber"
    assert program.audit()[1].detail == {"fields": "last_name max_articles tags"}
    assert "Weber" not in str(program.audit())


def test_erasing_is_for_good(program: Program) -> None:
    anna = program.person(first_name="Anna", lists=["morgen"], consent=CONSENT)
    path = f"/subscribers/{anna['id']}"
    assert program.call("DELETE", path) == (204, None)
    assert program.call("DELETE", path)[0] == 404
    assert program.call("GET", path)[0] == 404
    assert program.call("POST", "/subscribers/lookup", {"email": anna["email"]})[0] == 404
    assert program.call("POST", "/subscribers", {"email": anna["email"]})[0] == 409
    assert ("key:crm", "subscriber.forget") in [(entry.who, entry.what) for entry in program.audit()]


# Pages


def pages(program: Program, path: str, parameter: str = "after") -> list[list[Any]]:
    found, at = [], None
    while True:
        mark = f"&{parameter}={at}" if at is not None else ""
        status, page = program.call("GET", f"{path}{mark}")
        assert status == 200, page
        found.append(page["items"])
        if page["next"] is None or not page["items"]:
            return found
        at = page["next"]


def test_people_page_by_page(program: Program) -> None:
    people = [program.person(f"p{n}@probe.example", lists=["morgen"], consent=CONSENT) for n in range(7)]
    program.person("other@probe.example")
    program.call("DELETE", f"/subscribers/{people[2]['id']}/subscriptions/morgen")
    found = pages(program, "/subscribers?limit=3&list=morgen")
    assert [len(page) for page in found] == [3, 3, 1]
    assert [each["id"] for page in found for each in page] == [each["id"] for each in people]
    active = pages(program, "/subscribers?limit=2&list=morgen&state=active")
    assert [each["id"] for page in active for each in page] == [p["id"] for p in people if p is not people[2]]
    assert len(pages(program, "/subscribers?limit=1000")[0]) == 8
    with program.app.database.write() as connection:
        create_segment(
            connection, "odd", "", 'email in ("p1@probe.example", "p3@probe.example")', now=program.app.clock()
        )
    odd = pages(program, "/subscribers?limit=1&list=morgen&segment=odd")
    assert [each["email"] for page in odd for each in page] == ["p1@probe.example", "p3@probe.example"]


def test_events_are_polled(program: Program) -> None:
    person = program.person(lists=["morgen"], consent=CONSENT)
    page = program.call("GET", "/events")[1]
    assert [(each["kind"], each["list"], each["subscriber_id"]) for each in page["items"]] == [
        ("subscribed", "morgen", person["id"])
    ]
    assert program.call("GET", f"/events?after={page['next']}")[1] == {"items": [], "next": page["next"]}
    program.call("DELETE", f"/subscribers/{person['id']}/subscriptions/morgen")
    (event,) = program.call("GET", f"/events?after={page['next']}")[1]["items"]
    assert event["kind"] == "unsubscribed"
    assert "anna" not in json.dumps(event)


def test_lists(program: Program) -> None:
    status, made = program.call("POST", "/lists", {"slug": "abend", "name": "Am Abend"})
    assert (status, made["name"], made["subscriptions"]) == (
        201,
        "Am Abend",
        {"pending": 0, "active": 0, "unsubscribed": 0},
    )
    program.person(lists=["abend"], consent=CONSENT)
    changed = program.call("PATCH", "/lists/abend", {"name": "Spät", "archived": True})[1]
    assert (changed["name"], changed["subscriptions"]["active"]) == ("Spät", 1)
    assert changed["archived_at"]
    assert program.call("PATCH", "/lists/abend", {"archived": False})[1]["archived_at"] is None
    assert [each["slug"] for each in program.call("GET", "/lists")[1]["items"]] == ["abend", "morgen"]
    assert program.call("GET", "/lists/abend")[1]["name"] == "Spät"
    assert [entry.what for entry in program.audit() if entry.subject == "abend"][:3] == [
        "list.unarchive",
        "list.archive",
        "list.rename",
    ]


def test_editions(program: Program, add_articles: Callable[..., None]) -> None:
    app = program.app
    (newsletter,) = app.newsletters()
    for day in (date(2026, 3, 5), date(2026, 3, 6)):
        add_articles(app, (f"Meldung {day}", app.clock() - timedelta(hours=2)))
        app.prepare(newsletter, day)
    newest, older = (each[0] for each in pages(program, "/editions?limit=1", "before")[:2])
    assert (newest["date"], older["date"]) == ("2026-03-06", "2026-03-05")
    assert program.call("GET", "/editions?newsletter=none")[1] == {"items": [], "next": None}
    detail = program.call("GET", f"/editions/{newest['id']}")[1]
    assert detail["articles"][0]["title"].startswith("Meldung")
    assert detail["subject"]
    assert detail["deliveries"] == []
    assert not {"content", "content_hash", "approved_hash"} & set(detail)


def test_suppressions(program: Program) -> None:
    status, added = program.call("POST", "/suppressions", {"address": "Anna@probe.example", "source": "Anruf"})
    assert (status, added["scope"], added["address"], added["source"]) == (
        201,
        "address",
        "Anna@probe.example",
        "Anruf",
    )
    again = program.call("POST", "/suppressions", {"address": "anna@PROBE.example", "source": "Brief"})
    assert again == (200, added)
    status, domain = program.call("POST", "/suppressions", {"domain": "@Bücher.example"})
    assert (status, domain["domain"], domain["address"]) == (201, "xn--bcher-kva.example", None)
    found = pages(program, "/suppressions?limit=1")
    assert [each["id"] for page in found for each in page] == [added["id"], domain["id"]]
    assert [entry.what for entry in program.audit()][:2] == ["suppression.add"] * 2
    assert "probe.example" not in str(program.audit())


def test_an_erased_persons_suppression_shows_no_address(program: Program) -> None:
    anna = program.person()
    program.call("DELETE", f"/subscribers/{anna['id']}")
    (entry,) = program.call("GET", "/suppressions")[1]["items"]
    assert (entry["reason"], entry["address"], entry["domain"]) == ("erased", None, None)


# What mail services tell us


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/webhooks/nobody", b"{}", 404),
        ("/webhooks/ses", b"", 403),
        ("/webhooks/ses", b"{}", 403),
        ("/webhooks/ses", b"\xff\x00", 403),
        ("/webhooks/ses", b"[" * 200_000, 403),
        ("/webhooks/ses", b"x" * 400_000, 413),
    ],
)
def test_a_notification_that_is_not_genuine(program: Program, path: str, content: bytes, status: int) -> None:
    answer = program.client.post(path, content=content, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == PROBLEM


def test_a_genuine_notification_is_taken(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def provider(body: bytes, *_: Any) -> Received:
        taken.append(body)
        return Received()

    monkeypatch.setitem(PROVIDERS, "probe", provider)
    answer = program.client.post("/webhooks/probe", content=b"said")
    assert (answer.status_code, taken) == (202, [b"said"])
