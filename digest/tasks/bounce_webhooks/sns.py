"""Messages of Amazon SNS: whether one is genuine, and for us.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import Certificate, load_pem_x509_certificate

from digest.errors import WebhookRefusedError

#: What SNS sends at most (256 KiB) with room for its envelope.
MAX_OCTETS = 512 * 1024
_HOST = r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE_URL = re.compile(rf"{_HOST}/[A-Za-z0-9._-]{{1,200}}\.pem")
_CONFIRM_URL = re.compile(rf"{_HOST}/\?Action=ConfirmSubscription&[A-Za-z0-9&=%:._-]{{1,1000}}")
#: SHA1 is Amazon's choice for its first version; a topic may ask for the second.
_HASHES: dict[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
#: Type -> the fields that are signed, those that are there, in this order.
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class SnsMessage(msgspec.Struct, frozen=True, rename="pascal"):
    """The envelope; `message` is what the topic's publisher says."""

    type: str
    message_id: str
    topic_arn: str
    message: str
    timestamp: str
    signature_version: str
    signature: str
    signing_cert_url: str = msgspec.field(name="SigningCertURL")
    subject: str | None = None
    token: str | None = None
    subscribe_url: str | None = msgspec.field(name="SubscribeURL", default=None)


def read_sns_message(
    body: bytes, topics: Collection[str], fetch_certificate: Callable[[str], bytes], now: datetime
) -> SnsMessage:
    """The message in `body`, once it is known to be genuine and of one of `topics` (ARNs).

    Anybody may have a topic of their own whose messages Amazon signs, so the topic counts as much as the signature.
    Raises WebhookRefusedError, and what `fetch_certificate` raises.
    """
    if len(body) > MAX_OCTETS:
        raise WebhookRefusedError("The notification is too big.")
    try:
        message = msgspec.json.decode(body, type=SnsMessage)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise WebhookRefusedError(f"The notification is not a message of Amazon SNS: {wrong}.") from None
    if message.type not in _SIGNED or message.signature_version not in _HASHES:
        raise WebhookRefusedError("The notification is of a type or signature version that SNS does not have.")
    if message.topic_arn not in topics:
        raise WebhookRefusedError("The notification is of a topic that is not in bounces.sns_topics.")
    if not _CERTIFICATE_URL.fullmatch(message.signing_cert_url):
        raise WebhookRefusedError("The notification's certificate does not come from Amazon SNS.")
    certificate = _certificate(fetch_certificate(message.signing_cert_url), now)
    _verify(message, certificate)
    if message.type == "SubscriptionConfirmation" and not _CONFIRM_URL.fullmatch(message.subscribe_url or ""):
        raise WebhookRefusedError("The confirmation does not lead to Amazon SNS.")
    return message


def _certificate(pem: bytes, now: datetime) -> Certificate:
    try:
        certificate = load_pem_x509_certificate(pem)
    except ValueError as wrong:
        raise WebhookRefusedError("The notification's certificate cannot be read.") from wrong
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise WebhookRefusedError("The notification's certificate is not valid now.")
    return certificate


def _verify(message: SnsMessage, certificate: Certificate) -> None:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise WebhookRefusedError("The notification's certificate has no RSA key.")
    fields = msgspec.to_builtins(message)
    signed = "".join(f"{name}\n{fields[name]}\n" for name in _SIGNED[message.type] if fields[name] is not None)
    try:
        signature = base64.b64decode(message.signature, validate=True)
        key.verify(signature, signed.encode(), PKCS1v15(), _HASHES[message.signature_version]())
    except (InvalidSignature, binascii.Error, ValueError) as wrong:
        raise WebhookRefusedError("The notification's signature is not genuine.") from wrong
