"""Notifications of Amazon SES: genuine and ours, or refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from digest.deliver.memory import MemoryBackend
from digest.errors import NotFoundError, WebhookRefusedError
from digest.tasks.bounce_webhooks.ses import read_ses_notification
from digest.tasks.receive_bounces import receive_bounces

NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-central-1:123456789012:bounces"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem"
CONFIRM_URL = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc123"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def certificate(key: Any = KEY, *, days: int = 30) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = NOW + timedelta(days=min(days, 0) - 1)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


PEM = certificate()


def signed(message: Any = "", *, version: str = "2", key: Any = KEY, **fields: str) -> bytes:
    """An SNS message as Amazon would send it; `fields` change it before it is signed."""
    envelope = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-06T05:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    } | fields
    names = [name for name in SIGNED if name in envelope]
    if envelope["Type"] == "Notification":
        names = [name for name in names if name not in ("SubscribeURL", "Token")]
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303, the service's choice
    envelope["Signature"] = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
    return json.dumps(envelope).encode()


def bounce(kind: str = "Permanent", sub_type: str = "General", *, source: str = "", **recipient: str) -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": sub_type,
            "bouncedRecipients": [{"emailAddress": "anna@probe.example"} | recipient],
            "feedbackId": "feedback-1",
            "timestamp": "2026-03-06T05:00:00.000Z",
        },
        "mail": {"source": source, "messageId": "ses-1", "destination": ["anna@probe.example"]},
    }


def read(body: bytes, *, pem: bytes = PEM, topics: tuple[str, ...] = (TOPIC,)) -> Any:
    return read_ses_notification(body, lambda _url: pem, topics=topics, now=NOW)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_genuine_bounce_is_read(version: str) -> None:
    said = bounce(status="5.1.1", diagnosticCode="smtp; 550 5.1.1 user unknown")
    (reading,) = read(signed(said, version=version)).readings
    (finding,) = reading.findings
    assert (finding.address, finding.bounce_class, finding.status) == ("anna@probe.example", "hard", "5.1.1")


@pytest.mark.parametrize(
    ("kind", "sub_type", "diagnostic", "bounce_class"),
    [
        ("Permanent", "General", "", "hard"),
        ("Permanent", "General", "550 5.7.1 blocked using zen.spamhaus.org", "sender"),
        ("Permanent", "General", "550 mailbox full", "hard"),
        ("Permanent", "NoEmail", "anything", "hard"),
        ("Transient", "General", "550 user unknown", "soft"),
        ("Transient", "General", "", "soft"),
        ("Transient", "MailboxFull", "", "soft"),
        ("Transient", "ContentRejected", "", "sender"),
        ("Undetermined", "Undetermined", "", "soft"),
    ],
)
def test_what_its_kinds_of_bounce_mean(kind: str, sub_type: str, diagnostic: str, bounce_class: str) -> None:
    (reading,) = read(signed(bounce(kind, sub_type, diagnosticCode=diagnostic))).readings
    assert reading.findings[0].bounce_class == bounce_class


@pytest.mark.parametrize(
    ("told", "bounce_class"), [({}, "complaint"), ({"complaintFeedbackType": "not-spam"}, "ignored")]
)
def test_a_complaint_is_read(told: dict[str, str], bounce_class: str) -> None:
    complaint = {"complainedRecipients": [{"emailAddress": "anna@probe.example"}], "feedbackId": "f"} | told
    (reading,) = read(signed({"eventType": "Complaint", "complaint": complaint, "mail": {}})).readings
    assert reading.findings[0].bounce_class == bounce_class


def test_a_delay_is_still_waiting() -> None:
    delay = {"delayType": "MailboxFull", "delayedRecipients": [{"emailAddress": "anna@probe.example"}]}
    (reading,) = read(signed({"eventType": "DeliveryDelay", "deliveryDelay": delay})).readings
    assert reading.findings[0].waiting
    assert reading.findings[0].reason == "mailboxfull"


def test_other_news_is_taken_and_says_nothing() -> None:
    assert read(signed({"notificationType": "Delivery", "delivery": {}, "mail": {}})).readings == ()
    text = signed("Successfully validated SNS topic for Amazon SES event publishing.", Subject="Amazon SES Email Event")
    assert read(text).readings == ()


def test_a_subscription_waits_to_be_confirmed_at_amazon_alone() -> None:
    asked = {"Type": "SubscriptionConfirmation", "Token": "abc123", "SubscribeURL": CONFIRM_URL}
    assert read(signed("confirm", **asked)).confirm_url == CONFIRM_URL
    for elsewhere in ("https://evil.example/?Action=ConfirmSubscription&Token=a", "http" + CONFIRM_URL[5:], ""):
        with pytest.raises(WebhookRefusedError, match="confirmation"):
            read(signed("confirm", **(asked | {"SubscribeURL": elsewhere})))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/a.pem",
        "https://sns.eu-central-1.amazonaws.com/a.pem?x=.pem",
        "https://sns.eu-central-1.amazonaws.com/../a.pem",
        "https://bucket.s3.amazonaws.com/a.pem",
        "file:///etc/a.pem",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(url: str) -> None:
    fetched: list[str] = []

    def fetch(address: str) -> bytes:
        fetched.append(address)
        return PEM

    with pytest.raises(WebhookRefusedError, match="certificate does not come from"):
        read_ses_notification(signed(bounce(), SigningCertURL=url), fetch, topics=(TOPIC,), now=NOW)
    assert fetched == []


def test_what_was_changed_is_refused() -> None:
    envelope = json.loads(signed(bounce()))
    for name in ("Message", "MessageId", "Timestamp"):
        with pytest.raises(WebhookRefusedError, match="signature"):
            read(json.dumps(envelope | {name: envelope[name] + " "}).encode())
    with pytest.raises(WebhookRefusedError, match="signature"):
        read(json.dumps(envelope | {"Signature": "no base64!"}).encode())
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(WebhookRefusedError, match="signature"):
        read(signed(bounce(), key=other))


def test_somebody_elses_topic_is_refused() -> None:
    with pytest.raises(WebhookRefusedError, match="sns_topics"):
        read(signed(bounce(), TopicArn="arn:aws:sns:eu-central-1:666:mine"))
    with pytest.raises(WebhookRefusedError, match="sns_topics"):
        read(signed(bounce()), topics=())


@pytest.mark.parametrize(
    "pem", [b"", b"no certificate", certificate(days=-2), certificate(ec.generate_private_key(ec.SECP256R1()))]
)
def test_a_certificate_that_is_none(pem: bytes) -> None:
    with pytest.raises(WebhookRefusedError, match="certificate"):
        read(signed(bounce()), pem=pem)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"\xff\xfe", b'{"Type": 1}', b"[" * 100_000, signed("no json"), b"x" * 2_000_000,
     signed(bounce(), Type="Else"), signed({"bounce": {"bounceType": 7}})],
)  # fmt: skip
def test_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefusedError):
        read(body)


def test_it_has_the_effect_that_a_mail_would_have_once(
    make_app: Callable[..., Any], add_person: Any, add_articles: Any, now: Any
) -> None:
    backend = MemoryBackend()
    app = make_app(
        backend=backend,
        delivery={"envelope": "verp", "bounce_domain": "bounces.probe.example"},
        bounces={"sns_topics": [TOPIC]},
    )
    add_articles(app, ("Bundestag beschließt Haushalt", now() - timedelta(hours=1)))
    add_person(app, "anna@probe.example")
    app.sender().send(app.prepare(app.newsletters()[0], app.today()).edition.number, app.prices)
    (message,) = backend.messages
    body = signed(bounce(status="5.1.1", source=message.mail_from))
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return PEM

    def receive(provider: str = "ses", said: bytes = body) -> list[Any]:
        return receive_bounces(app.desk, app.settings.bounces, provider, said, fetch)

    (report,) = receive()
    assert (report.effect, report.recipients[0].delivery.newsletter) == ("suppressed", "morgen")
    assert receive()[0].effect == "repeated"
    asked = {"Type": "SubscriptionConfirmation", "Token": "abc123", "SubscribeURL": CONFIRM_URL}
    assert receive(said=signed("confirm", **asked)) == []
    assert fetched == [CERTIFICATE_URL, CERTIFICATE_URL, CERTIFICATE_URL, CONFIRM_URL]
    with pytest.raises(NotFoundError, match="known are ses"):
        receive("postmark")
