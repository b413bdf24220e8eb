"""SPF, DKIM, DMARC, MX and PTR against a real name server, with what goes wrong in the field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from msgspec.structs import replace

from digest.deliver.dkim import Signer
from digest.deliver.dkim_keys import dns_record
from digest.errors import UsageError
from digest.tasks.diagnosis import Diagnosis, Level
from digest.tasks.dns_check import Sending, check_dkim, check_dmarc, check_dns, check_mx, check_ptr, check_spf
from digest.tasks.dns_lookup import DnsFaultError, Lookup
from digest.tasks.spf_record import merged_spf, proposed_spf
from tests.integration.dns_server import LONG, SERVFAIL, SILENT, closed_port, serving

KEY = dns_record(Signer("news.example", "d1", generate_private_key(public_exponent=65537, key_size=2048)))


def strings(text: str) -> str:
    """A TXT record's text, in strings of at most 255 octets."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))


STRINGS = strings(KEY.value)
SENDING = Sending(
    senders={"site.sender": "news.example"},
    envelope="bounces.news.example",
    dkim=KEY,
    relays=("relay.example",),
    own_name="web1.news.example",
)
#: Everything as it should be.
GOOD: dict[tuple[str, str], Any] = {
    ("bounces.news.example", "TXT"): [
        '"google-site-verification=x"',
        '"v=spf1 include:_spf.relay.example ip4:192.0.2.1 -all"',
    ],
    ("_spf.relay.example", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 ~all"'],
    ("bounces.news.example", "MX"): ["20 mx2.relay.example.", "10 mx.relay.example."],
    ("mx.relay.example", "A"): ["192.0.2.5"],
    ("mx2.relay.example", "AAAA"): ["2001:db8::5"],
    (KEY.name, "TXT"): [STRINGS],
    ("_dmarc.news.example", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:d@news.example"'],
    ("news.example", "MX"): ["10 mx.relay.example."],
    ("relay.example", "A"): ["192.0.2.9"],
    ("9.2.0.192.in-addr.arpa", "PTR"): ["relay.example."],
}


def look(zone: dict[tuple[str, str], Any], *, seconds: float = 10) -> list[Diagnosis]:
    with serving(zone) as server:
        return list(check_dns(SENDING, Lookup(server.address, seconds=seconds)))


def levels(findings: list[Diagnosis]) -> dict[str, Level]:
    order = list(Level)
    found: dict[str, Level] = {}
    for each in findings:
        found[each.about] = max(found.get(each.about, Level.OK), each.level, key=order.index)
    return found


def test_all_is_well() -> None:
    findings = look(GOOD)
    assert {each.level for each in findings} == {Level.OK}
    assert levels(findings).keys() == {"SPF", "DKIM", "DMARC", "MX", "PTR"}
    assert len(KEY.strings) > 1  # a key is longer than one string of a record


def test_nothing_is_there_and_every_record_is_given() -> None:
    findings = look({})
    assert levels(findings) == {"SPF": "error", "DKIM": "error", "DMARC": "error", "MX": "error", "PTR": "error"}
    records = {each.about: each.record for each in findings if each.record}
    assert records["SPF"] == 'bounces.news.example. IN TXT "v=spf1 a:relay.example -all"'
    assert records["DKIM"] == KEY.zone_line
    assert records["DMARC"] == '_dmarc.news.example. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@news.example"'
    assert all(each.remedy for each in findings)


@pytest.mark.parametrize("fault", [SILENT, SERVFAIL])
def test_a_name_server_in_trouble_blames_nobody(fault: str) -> None:
    findings = look(dict.fromkeys(GOOD, fault), seconds=0.1)
    assert set(levels(findings).values()) == {Level.UNKNOWN}
    assert all("no answer" in each.sentence for each in findings)


def test_a_name_server_that_is_not_there_blames_nobody() -> None:
    findings = list(check_dns(SENDING, Lookup(f"127.0.0.1:{closed_port()}", seconds=0.1)))
    assert set(levels(findings).values()) == {Level.UNKNOWN}


def spf(*records: str, **more: str) -> list[Diagnosis]:
    zone: dict[tuple[str, str], Any] = {("bounces.news.example", "TXT"): [f'"{each}"' for each in records]}
    zone |= {(name.replace("__", "."), "TXT"): [f'"{text}"'] for name, text in more.items()}
    with serving(zone) as server:
        return list(check_spf(SENDING, Lookup(server.address)))


@pytest.mark.parametrize(
    ("records", "more", "level", "said"),
    [
        (["v=spf1 -all"], {}, Level.OK, "v=spf1 -all"),
        (["V=SPF1 A MX ~ALL"], {}, Level.OK, "V=SPF1"),
        (["v=spf1 a -all", "v=spf1 mx -all"], {}, Level.ERROR, "2 SPF records"),
        (["v=spf10 -all"], {}, Level.ERROR, "has no SPF record"),
        (["v=spf1 +all"], {}, Level.ERROR, "lets everybody send"),
        (["v=spf1 all"], {}, Level.ERROR, "lets everybody send"),
        (["v=spf1 a"], {}, Level.WARNING, "says nothing about other hosts"),
        (["v=spf1 ?all"], {}, Level.WARNING, "says nothing about other hosts"),
        (["v=spf1 redirect=x.example"], {"x__example": "v=spf1 -all"}, Level.OK, "redirect"),
        (["v=spf1 redirect=x.example"], {}, Level.ERROR, "leads to no SPF record"),
        (["v=spf1 include:x.example -all"], {}, Level.ERROR, "leads to no SPF record"),
        (["v=spf1 ipv4:192.0.2.1 -all"], {}, Level.ERROR, "is no term of SPF"),
        (["v=spf1 include:%{i}.x.example -all"], {}, Level.OK, "include"),
        (["v=spf1 " + "a " * 10 + "-all"], {}, Level.OK, "v=spf1"),
        (["v=spf1 " + "a " * 11 + "-all"], {}, Level.ERROR, "more than 10 look-ups"),
        (["v=spf1 include:x.example -all"], {"x__example": "v=spf1 include:x.example -all"}, Level.ERROR, "look-ups"),
    ],
)  # fmt: skip
def test_spf(records: list[str], more: dict[str, str], level: Level, said: str) -> None:
    findings = spf(*records, **more)
    assert levels(findings) == {"SPF": level}
    assert any(said in each.sentence for each in findings)


def test_several_spf_records_are_put_together() -> None:
    [found] = spf("v=spf1 a ip4:192.0.2.1 -all", "v=spf1 include:x.example a ~all")
    assert 'TXT "v=spf1 a ip4:192.0.2.1 include:x.example ~all"' in found.record
    assert merged_spf(["v=spf1 -all"]) == "v=spf1 ~all"


@pytest.mark.parametrize(
    ("relays", "proposal"),
    [
        (("smtp.sendgrid.net",), "v=spf1 include:sendgrid.net -all"),
        (
            ("mail.own.example", "192.0.2.7", "2001:db8::7"),
            "v=spf1 a:mail.own.example ip4:192.0.2.7 ip6:2001:db8::7 -all",
        ),
        (("",), "v=spf1 a:web1.news.example -all"),
        ((), "v=spf1 include:DOMAIN-OF-YOUR-RELAY -all"),
    ],
)
def test_spf_that_is_proposed(relays: tuple[str, ...], proposal: str) -> None:
    assert proposed_spf(relays, "web1.news.example") == proposal
    assert proposed_spf(("",), "localhost") == "v=spf1 ip4:ADDRESS-OF-THIS-SERVER -all"


def dkim(*records: str, alias: str = "", **changes: Any) -> Diagnosis:
    zone: dict[tuple[str, str], Any] = {(alias or KEY.name, "TXT"): list(records)} if records else {}
    if alias:
        zone[KEY.name, "CNAME"] = [f"{alias}."]
    with serving(zone) as server:
        [found] = check_dkim(replace(SENDING, **changes), Lookup(server.address))
    return found


@pytest.mark.parametrize(
    ("records", "level", "said"),
    [
        ([STRINGS], Level.OK, "the key that we sign with"),
        (['"p=AAAA"'], Level.ERROR, "another one"),
        (['"v=DKIM1; k=rsa; p="'], Level.ERROR, "revoked"),
        ([STRINGS, '"v=DKIM1; p=AAAA"'], Level.ERROR, "2 keys"),
        ([strings(KEY.value.replace("k=rsa;", "k=rsa; t=s:y;"))], Level.WARNING, "t=y"),
        (['"v=spf1 -all"'], Level.ERROR, "has no key"),
        ([], Level.ERROR, "has no key"),
        ([strings(KEY.value.replace("; p=", ";  p = "))], Level.OK, "the key that we sign with"),
    ],
)
def test_dkim(records: list[str], level: Level, said: str) -> None:
    found = dkim(*records)
    assert found.level is level
    assert said in found.sentence
    assert (found.record == KEY.zone_line) == (level is Level.ERROR)


def test_dkim_behind_an_alias_and_without_a_key_of_our_own() -> None:
    assert dkim(STRINGS, alias="d1.relay.example").level is Level.OK
    assert dkim(dkim=None).level is Level.WARNING
    assert dkim(dkim=None, signed_elsewhere=True).level is Level.OK


def dmarc(zone: dict[str, list[str]], domain: str = "news.example", **changes: Any) -> Diagnosis:
    records = {(name, "TXT"): [f'"{text}"' for text in texts] for name, texts in zone.items()}
    with serving(records) as server:
        [found] = check_dmarc(domain, "site.sender", replace(SENDING, **changes), Lookup(server.address))
    return found


@pytest.mark.parametrize(
    ("records", "level", "said"),
    [
        (["v=DMARC1; p=reject"], Level.OK, "p=reject"),
        (["v=DMARC1;p=none;rua=mailto:a@b.example"], Level.OK, "p=none"),
        (["v=DMARC1; p=none"], Level.WARNING, "asks for nothing"),
        (["v=DMARC1; p=rejct"], Level.ERROR, "p=rejct"),
        (["v=DMARC1"], Level.ERROR, "no policy that counts"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], Level.ERROR, "2 DMARC records"),
        (["v=spf1 -all"], Level.ERROR, "has no DMARC record"),
    ],
)
def test_dmarc(records: list[str], level: Level, said: str) -> None:
    found = dmarc({"_dmarc.news.example": records})
    assert (found.level, said in found.sentence) == (level, True)


def test_dmarc_is_looked_for_above_the_domain_but_never_at_the_top() -> None:
    zone = {"_dmarc.news.example": ["v=DMARC1; p=reject"], "_dmarc.example": ["v=DMARC1; p=reject"]}
    assert dmarc(zone, "daily.brief.news.example").level is Level.OK
    assert dmarc({"_dmarc.example": ["v=DMARC1; p=reject"]}).level is Level.ERROR


@pytest.mark.parametrize(
    ("tags", "changes", "level"),
    [
        ("", {}, Level.OK),
        ("; adkim=s; aspf=s", {}, Level.OK),  # the signature is for the very domain
        ("", {"dkim": None}, Level.WARNING),
        ("; aspf=s", {"dkim": None}, Level.ERROR),
        ("", {"dkim": None, "envelope": "bounces.relay.example"}, Level.ERROR),
        ("", {"envelope": "bounces.relay.example"}, Level.OK),
        ("", {"dkim": None, "envelope": "relay.example", "signed_elsewhere": True}, Level.OK),
    ],
)
def test_something_has_to_stand_for_the_domain_in_from(tags: str, changes: dict[str, Any], level: Level) -> None:
    assert dmarc({"_dmarc.news.example": [f"v=DMARC1; p=reject{tags}"]}, **changes).level is level


@pytest.mark.parametrize(
    ("zone", "level", "said"),
    [
        ({("n.example", "MX"): ["10 m.example."], ("m.example", "A"): ["192.0.2.1"]}, Level.OK, "m.example"),
        ({("n.example", "MX"): ["10 m.example."]}, Level.ERROR, "has no address"),
        ({("n.example", "MX"): ["0 ."]}, Level.ERROR, "takes no mail"),
        ({("n.example", "A"): ["192.0.2.1"]}, Level.WARNING, "no MX record"),
        ({}, Level.ERROR, "neither an MX record nor an address"),
    ],
)
def test_mx(zone: dict[tuple[str, str], Any], level: Level, said: str) -> None:
    with serving(zone) as server:
        [found] = check_mx("n.example", "bounces", Lookup(server.address))
    assert (found.level, said in found.sentence) == (level, True)


BACK = ("9.2.0.192.in-addr.arpa", "PTR")


@pytest.mark.parametrize(
    ("host", "zone", "level"),
    [
        ("192.0.2.9", {BACK: ["r.example."], ("r.example", "A"): ["192.0.2.9"]}, Level.OK),
        ("192.0.2.9", {BACK: ["r.example."], ("r.example", "A"): ["192.0.2.8"]}, Level.WARNING),
        ("192.0.2.9", {}, Level.WARNING),
        ("relay.example", {}, Level.ERROR),
        ("", {("web1.news.example", "A"): ["127.0.1.1"]}, Level.UNKNOWN),
        ("", {}, Level.UNKNOWN),
    ],
)  # fmt: skip
def test_ptr(host: str, zone: dict[tuple[str, str], Any], level: Level) -> None:
    with serving(zone) as server:
        [found] = check_ptr(host, "web1.news.example", Lookup(server.address))
    assert found.level is level


# The resolver


@pytest.fixture
def lookup() -> Iterator[Lookup]:
    zone: dict[tuple[str, str], Any] = {
        ("long.example", "TXT"): LONG,
        ("loop.example", "CNAME"): ["loop.example."],
        ("many.example", "TXT"): ['"a" "b" "c"', '"' + "x" * 255 + '" "y"'],
        ("octets.example", "TXT"): ['"\\195\\164\\255"'],
    }
    with serving(zone) as server:
        yield Lookup(server.address, seconds=1)


def test_answers_that_are_too_long_for_udp_come_over_tcp(lookup: Lookup) -> None:
    assert lookup.texts("long.example") == ["v=spf1 -all"]


def test_strings_are_joined_and_octets_survive(lookup: Lookup) -> None:
    assert sorted(lookup.texts("many.example")) == ["abc", "x" * 255 + "y"]
    assert lookup.texts("octets.example") == ["ä\ufffd"]


def test_a_loop_of_aliases_is_no_answer(lookup: Lookup) -> None:
    with pytest.raises(DnsFaultError):
        lookup.texts("loop.example")


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", ".".join(["abcdefgh"] * 40), ""])
def test_names_that_cannot_be_have_nothing(lookup: Lookup, name: str) -> None:
    assert lookup.texts(name) == []


def test_each_question_is_asked_once() -> None:
    with serving(GOOD) as server:
        lookup = Lookup(server.address)
        for _ in range(2):
            list(check_dns(SENDING, lookup))
        questions = [(name.lower(), kind) for name, kind, _ in server.asked]
    assert len(questions) == len(set(questions))


@pytest.mark.parametrize("server", ["ns.example", "127.0.0.1:x", "1.2.3", "[::1", ":53"])
def test_what_is_no_name_server_is_said(server: str) -> None:
    with pytest.raises(UsageError, match="name server"):
        Lookup(server)


@pytest.mark.parametrize("server", ["127.0.0.1", "127.0.0.1:5353", "::1", "[::1]", "[::1]:5353"])
def test_what_is_a_name_server_is_taken(server: str) -> None:
    assert Lookup(server)
