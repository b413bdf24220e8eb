"""What follows from what comes back."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from digest.deliver.memory import MemoryBackend
from digest.errors import PausedError
from digest.model.delivery import DeliveryState, Message, Outcome
from digest.storage.bounces import count_bounces
from digest.tasks.explain_person import explain_person
from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.events import list_events
from subscribers.privacy import erase_subscriber
from subscribers.subscriptions import subscriptions_of
from subscribers.suppression import suppression_of
from subscribers.tables import bounces
from tests.unit.subscribers.bounces.mails import feedback, mail, report

DAY = date(2026, 3, 6)
FULL = "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full"
BLOCKED = "Action: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 554 5.7.1 blocked using zen.spamhaus.org"
DELAYED = "Action: delayed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 450 4.4.7 try again"


class Site:
    """An app that sends an edition a day to one reader, and takes in what comes back."""

    def __init__(self, make_app: Any, add_person: Any, add_articles: Any, now: Any, **settings: Any) -> None:
        self.backend = MemoryBackend()
        self.now, self.add_articles = now, add_articles
        self.app = make_app(
            backend=self.backend,
            delivery={"envelope": "verp", "bounce_domain": "bounces.probe.example"},
            site={"reply_to": "redaktion@probe.example"},
            bounces=settings,
        )
        self.anna = add_person(self.app, "anna@leser.example")

    def send(self) -> Message:
        """The message of the next day's edition."""
        day = self.app.today()
        self.add_articles(self.app, (f"Haushalt vom {day}", self.now() - timedelta(hours=1)))
        self.app.sender().send(self.app.prepare(self.app.newsletters()[0], day).edition.number, self.app.prices)
        self.now.moment += timedelta(days=1)
        return self.backend.messages[-1]

    def take(self, raw: bytes, **options: Any) -> Any:
        return self.app.ingest_bounce(raw, "1.eml", **options)

    def bounce(self, message: Message, fields: str = "Action: failed\nStatus: 5.1.1", **headers: str) -> bytes:
        unique = f"<{len(headers)}{hash(fields) % 10**9}.{message.message_id.strip('<>')}>"
        given = {"To": message.mail_from, "Message-ID": unique} | headers
        return report(fields, quoted=message.data.decode("ascii"), **given)

    @property
    def suppression(self) -> Any:
        with self.app.database.read() as connection:
            return suppression_of(connection, parse_address("anna@leser.example"), secret=self.app.secret)

    @property
    def events(self) -> list[tuple[str, int | None]]:
        with self.app.database.read() as connection:
            return [(str(each.kind), each.edition_id) for each in list_events(connection)]

    @property
    def standing(self) -> list[str]:
        with self.app.database.read() as connection:
            return [str(each.state) for each in subscriptions_of(connection, self.anna.id)]


@pytest.fixture
def make_site(make_app: Any, add_person: Any, add_articles: Any, now: Any) -> Callable[..., Site]:
    return lambda **settings: Site(make_app, add_person, add_articles, now, **settings)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


def test_a_hard_bounce_suppresses_once(site: Site) -> None:
    message = site.send()
    told = site.take(site.bounce(message))
    assert told.effect == "suppressed"
    (recipient,) = told.recipients
    assert (recipient.address, recipient.bounce_class, recipient.status) == ("anna@leser.example", "hard", "5.1.1")
    assert (recipient.delivery.edition, recipient.delivery.date, recipient.delivery.newsletter) == (1, DAY, "morgen")
    assert site.suppression.reason == "hard_bounce"
    assert site.take(b"Received: by another way\n" + site.bounce(message)).effect == "repeated"
    assert [kind for kind, _ in site.events].count("bounced") == 1
    with site.app.database.read() as connection:
        changes = list_changes(connection, subscriber_id=site.anna.id)
        assert [(each.who, each.what) for each in changes if each.who == "bounces"] == [("bounces", "suppression.add")]
        assert count_bounces(connection, 1) == {"hard": 1}


def test_a_fixed_envelope_is_matched_by_the_quoted_message_id(site: Site) -> None:
    message = site.send()
    quoted = f"Message-ID: {message.message_id}\nSubject: x\n\n"
    assert site.take(report(quoted=quoted, To="bounces@probe.example")).effect == "suppressed"


def test_hard_after_more_than_one(make_site: Callable[..., Site]) -> None:
    site = make_site(hard_after=2)
    first, second, third = site.send(), site.send(), site.send()
    assert site.take(site.bounce(first)).effect == "counted"
    assert site.take(site.bounce(third)).effect == "counted"  # the second may have arrived
    assert site.take(site.bounce(second)).effect == "suppressed"


def test_soft_bounces_on_several_days(make_site: Callable[..., Site]) -> None:
    site = make_site(soft_days=3)
    messages = [site.send() for _ in range(4)]
    assert site.take(site.bounce(messages[0], FULL)).effect == "counted"
    assert site.take(site.bounce(messages[0], FULL, Subject="again")).effect == "repeated"
    assert site.take(site.bounce(messages[2], FULL)).effect == "counted"
    assert site.take(site.bounce(messages[3], FULL)).effect == "counted"
    assert site.suppression is None
    assert site.take(site.bounce(messages[1], FULL)).effect == "suppressed"
    assert site.suppression.reason == "soft_bounces"


def test_a_delay_counts_for_nothing(make_site: Callable[..., Site]) -> None:
    site = make_site(soft_days=1)
    message = site.send()
    assert site.take(site.bounce(message, DELAYED)).effect == "counted"
    assert site.suppression is None
    assert ("bounced", 1) not in site.events
    assert site.take(site.bounce(message, FULL)).effect == "suppressed"


def test_the_senders_fault_suppresses_nobody(make_site: Callable[..., Site]) -> None:
    site = make_site(hard_after=1, soft_days=1)
    assert [site.take(site.bounce(site.send(), BLOCKED)).effect for _ in range(3)] == ["counted"] * 3
    assert site.suppression is None


def test_a_complaint_ends_everything_at_once(site: Site) -> None:
    message = site.send()
    raw = feedback().replace(b"Message-ID: <" + b"b" * 32, b"Message-ID: " + message.message_id.encode()[:33])
    assert site.take(raw).effect == "unsubscribed"
    assert site.standing == ["unsubscribed"]
    assert site.suppression.reason == "complaint"
    assert ("complained", 1) in site.events
    assert site.take(raw).effect == "repeated"


def test_forged_and_unmatched_change_nothing(site: Site) -> None:
    message = site.send()
    before = site.events
    token = message.mail_from[2:34]
    forged = ("b" if token[-1] != "b" else "c") + "x"
    bent = token[:-1] + forged[0]
    assert site.take(report(To=f"b-{bent}@bounces.probe.example", quoted="Subject: x\n\n")).effect == "forged"
    assert site.take(report(To="bounces@probe.example", quoted="Subject: x\n\n")).effect == "unmatched"
    assert site.take(report(To="bounces@probe.example", quoted="Subject: x\n\n")).recipients[0].delivery is None
    assert (site.events, site.suppression) == (before, None)


def test_a_token_of_another_purpose_is_forged(site: Site) -> None:
    message = site.send()
    other = message.message_id[1:33]
    assert site.take(report(To=f"b-{other}@bounces.probe.example", quoted="\n")).effect == "forged"


def test_a_dry_run_says_what_would_follow(site: Site) -> None:
    message = site.send()
    assert site.take(site.bounce(message), dry_run=True).effect == "suppressed"
    assert site.suppression is None
    assert site.take(mail("Abmelden", In_Reply_To=message.message_id), dry_run=True).effect == "unsubscribed"
    assert site.standing == ["active"]
    assert site.take(mail("Danke!"), dry_run=True).effect == "forwarded"
    assert len(site.backend.messages) == 1
    assert site.take(site.bounce(message)).effect == "suppressed"


def test_who_was_erased_stays_so(site: Site) -> None:
    message = site.send()
    site.take(site.bounce(message, FULL))
    with site.app.database.write() as connection:
        erase_subscriber(connection, site.anna, source="test", secret=site.app.secret, now=site.now())
    assert site.take(site.bounce(message)).effect == "gone"
    with site.app.database.read() as connection:
        assert connection.execute(select(bounces)).all() == []


def test_a_bounce_of_a_former_address_does_not_suppress_the_new_one(site: Site) -> None:
    message = site.send()
    from subscribers.addresses import address_key
    from subscribers.tables import subscribers

    with site.app.database.write() as connection:
        key = address_key(site.app.secret, "anna@neu.example")
        connection.execute(subscribers.update().values(email="anna@neu.example", email_key=key, domain="neu.example"))
    assert site.take(site.bounce(message)).effect == "outdated"
    with site.app.database.read() as connection:
        assert suppression_of(connection, parse_address("anna@neu.example"), secret=site.app.secret) is None


@pytest.mark.parametrize("by", ["subject", "reply", "envelope"])
def test_a_wish_to_leave_with_a_genuine_token(site: Site, by: str) -> None:
    message = site.send()
    token = message.data.decode("ascii").split("subject=Abmelden%20")[1][:32]
    raw = {
        "subject": mail("", Subject=f"Abmelden {token}"),
        "reply": mail("Bitte abmelden!", Subject="Re: Haushalt", In_Reply_To=message.message_id),
        "envelope": mail("Abmelden", To=message.mail_from),
    }[by]
    told = site.take(raw)
    assert (told.kind, told.effect) == ("leave", "unsubscribed")
    assert site.standing == ["unsubscribed"]
    assert site.suppression is None
    assert site.take(raw).effect == "repeated"
    with site.app.database.read() as connection:
        assert consent_history(connection, site.anna.id)[-1].source == "mail to the unsubscribe address"


def test_a_wish_to_leave_without_a_token_goes_to_a_person(site: Site) -> None:
    site.send()
    told = site.take(mail("Abmelden", From="anna@leser.example"))
    assert told.effect == "forwarded"
    assert site.standing == ["active"]
    bent = mail("", From="anna@leser.example", Subject="Abmelden " + "a" * 32, Message_ID="<2@x>", **{"Message-ID": ""})
    assert site.take(bent).effect == "forwarded"
    assert site.standing == ["active"]


def test_an_absence_note_changes_nothing(site: Site) -> None:
    message = site.send()
    note = mail("Ich bin im Urlaub.", To=message.mail_from, Subject="Abwesenheitsnotiz", Auto_Submitted="auto-replied")
    told = site.take(note)
    assert (told.effect, told.recipients[0].bounce_class) == ("none", "ignored")
    assert len(site.backend.messages) == 1


@pytest.mark.parametrize(
    "text",
    ["Danke für den Überblick!", "So nicht.\nFrom jetzt an\n.\n", "x" * 5_000, "Grüße\x00\rnach\x85Hause"],
    ids=["plain", "dots", "long line", "controls"],
)
def test_a_persons_reply_is_forwarded_whole_and_once(site: Site, text: str) -> None:
    raw = mail(text, Subject="Re: Grüße", Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="8bit")
    assert site.take(raw).effect == "forwarded"
    (passed,) = site.backend.messages
    assert (passed.rcpt_to, passed.mail_from) == ("redaktion@probe.example", "morgen@probe.example")
    assert passed.data.replace(b"\r\n", b"").isascii()
    assert b"\n" not in passed.data.replace(b"\r\n", b"")
    read = email.message_from_bytes(passed.data, policy=email.policy.default)
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Reply-To"] == "bert@leser.example"
    assert read["Subject"] == "Antwort auf den Newsletter: Re: Grüße"
    attached = list(read.iter_attachments())
    assert len(attached) == 1
    assert site.take(raw).effect == "repeated"
    assert len(site.backend.messages) == 1


def test_what_was_forwarded_is_not_forwarded_again(site: Site) -> None:
    site.take(mail("Danke!"))
    (passed,) = site.backend.messages
    assert site.take(passed.data).effect in ("none", "not_forwarded")
    assert len(site.backend.messages) == 1


@pytest.mark.parametrize("sender", ["redaktion@probe.example", "MORGEN@probe.example"])
def test_our_own_addresses_do_not_go_round_in_a_circle(site: Site, sender: str) -> None:
    told = site.take(mail("Danke!", From=sender))
    assert (told.effect, site.backend.messages) == ("not_forwarded", [])
    assert "circle" in told.note


def test_floods_of_replies_end(make_site: Callable[..., Site]) -> None:
    site = make_site(forwards_per_hour=6)
    numbered = [mail("Danke!", From=f"a{n // 5}@x.example", **{"Message-ID": f"<{n}@x>"}) for n in range(12)]
    effects = [str(site.take(raw).effect) for raw in numbered]
    assert effects.count("forwarded") == 6
    same = [mail("Danke!", From="z@x.example", **{"Message-ID": f"<z{n}@x>"}) for n in range(8)]
    site.now.moment += timedelta(hours=2)
    assert [str(site.take(raw).effect) for raw in same].count("forwarded") == 5


def test_a_reply_waits_while_nothing_can_be_sent(site: Site) -> None:
    site.backend.answer = lambda _message: Outcome(state=DeliveryState.DEFERRED, reply="450 later")
    with pytest.raises(PausedError, match="450 later"):
        site.take(mail("Danke!"))
    site.backend.answer = lambda _message: Outcome(state=DeliveryState.REJECTED, reply="550 no")
    assert "550 no" in site.take(mail("Danke!")).note


def test_why_tells_what_came_back(site: Site) -> None:
    message = site.send()
    site.take(site.bounce(message, DELAYED))
    site.take(site.bounce(message))
    account = explain_person(
        site.app.database,
        "anna@leser.example",
        site.app.secret,
        site.app.settings.newsletters,
        site.app.settings.site.zone,
        site.app.clock(),
    )
    assert account.deliveries[0].came_back == (
        "soft (expired, 4.4.7, still trying): counted",
        "hard (userunknown, 5.1.1): suppressed",
    )


def test_a_report_in_a_mail_about_others_counts_for_the_one_that_was_mailed(site: Site) -> None:
    message = site.send()
    other = (
        "Action: failed\nStatus: 5.2.2\n\nFinal-Recipient: rfc822; anna@leser.example\nAction: failed\nStatus: 5.1.1"
    )
    raw = report(other, recipient="Final-Recipient: rfc822; else@firma.example", To=message.mail_from)
    assert site.take(raw).effect == "suppressed"
    assert [each.bounce_class for each in site.take(raw).recipients] == ["soft", "hard"]


@pytest.mark.parametrize(
    ("reason", "reply", "suppressed"),
    [
        ("bad_address", "550 5.1.1 user unknown", "hard_bounce"),
        ("bad_address", "550 no", "hard_bounce"),
        ("mailbox_full", "552 5.2.2 full", None),
        ("refused", "550 5.1.1 whatever", None),
    ],
)
def test_what_is_refused_in_our_own_session_counts_once(
    site: Site, reason: str, reply: str, suppressed: str | None
) -> None:
    site.backend.answer = lambda _message: Outcome(state=DeliveryState.REJECTED, reason=reason, reply=reply)
    day = site.app.today()
    site.add_articles(site.app, (f"Haushalt vom {day}", site.now() - timedelta(hours=1)))
    site.app.sender().send(site.app.prepare(site.app.newsletters()[0], day).edition.number, site.app.prices)
    assert site.app.ingest_waiting_bounces() is None
    assert site.app.ingest_waiting_bounces() is None
    assert (site.suppression.reason if site.suppression else None) == suppressed
    assert [kind for kind, _ in site.events].count("bounced") == (reason != "refused")
