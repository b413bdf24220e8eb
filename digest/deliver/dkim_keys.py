"""DKIM keys: made, kept in a file that is its owner's alone, and published as a DNS record (RFC 6376, 3.6)."""

from __future__ import annotations

import os
import secrets
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from digest.deliver.dkim import Signer
from digest.deliver.envelope import wire_address
from digest.deliver.settings import DkimSettings
from digest.errors import DeliveryError, SettingsError

#: RFC 8301, 3.2: 1024 is too weak, and verifiers need not know what is longer than 4096.
_FEWEST_BITS, _MOST_BITS = 2048, 4096
_STRING = 255  # RFC 1035, 3.3.14
_CREATE = "run `digest dkim create`, which prints what belongs there"


class DnsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Publishes a key. `value` is the whole text, `strings` the same in pieces of at most 255 octets."""

    name: str
    value: str
    strings: tuple[str, ...]
    type: str = "TXT"

    @property
    def zone_line(self) -> str:
        """As it stands in a zone file (RFC 1035, 5.1)."""
        quoted = " ".join([f'"{string}"' for string in self.strings])
        return f"{self.name}. IN {self.type} ( {quoted} )"


def load_signer(settings: DkimSettings, where: str) -> Signer | None:
    """The signer of the [dkim] table in the settings file `where`; None where the table is empty.

    Raises SettingsError for a table that is half filled, and for a key that is missing, open to others, or no RSA key
    of 2048 to 4096 bits.
    """
    values = {"domain": settings.domain, "selector": settings.selector, "key_file": settings.key_file}
    missing = [key for key, value in values.items() if not value]
    if len(missing) == len(values):
        return None
    if missing:
        given = ", ".join(key for key in values if key not in missing)
        raise SettingsError(f"dkim.{missing[0]}", f"is missing, but {given} is set; {_CREATE}", where)
    try:
        domain = dns_name(settings.domain)
    except ValueError as wrong:
        raise SettingsError("dkim.domain", str(wrong), where) from wrong
    return Signer(domain, settings.selector, _load_key(Path(settings.key_file), where))


def check_alignment(settings: DkimSettings, senders: Mapping[str, str], where: str) -> None:
    """Raises SettingsError for a sender (setting -> address) whose domain can never be aligned with the signature's.

    DMARC's relaxed alignment asks for one organizational domain (RFC 7489, 3.1.1). Which labels make one is known to
    a list that changes weekly; that they are the last two at least is always true.
    """
    if not settings.domain:
        return
    signed = dns_name(settings.domain)
    for setting, address in senders.items():
        domain = dns_name(address.rpartition("@")[2])
        if domain.split(".")[-2:] != signed.split(".")[-2:]:
            problem = (
                f"{settings.domain} does not cover {setting} {address}, so DMARC would fail; sign for {domain}, or "
                f"send from {settings.domain}"
            )
            raise SettingsError("dkim.domain", problem, where)


def create_key(path: Path, *, overwrite: bool = False) -> RSAPrivateKey:
    """A new RSA-2048 key in `path`, mode 0600; it is there whole or not at all.

    Raises DeliveryError where it cannot be written, or where a file is there already and `overwrite` is not said.
    """
    key = generate_private_key(public_exponent=65537, key_size=_FEWEST_BITS)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
                file.flush()
                os.fsync(file.fileno())
            if overwrite:
                draft.replace(path)
            else:
                _place(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as problem:
        raise DeliveryError(f"The key {path} cannot be written: {problem.strerror or problem}.") from problem
    return key


def _place(draft: Path, path: Path) -> None:
    """As `path`, where there is nothing yet: unlike a rename, a link replaces nothing."""
    try:
        os.link(draft, path)
    except FileExistsError as there:
        raise DeliveryError(f"{path} is there already, and may be a key in use; name another file.") from there


def dns_record(signer: Signer) -> DnsRecord:
    """What has to be published, so that others can check what `signer` signs."""
    public = signer.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    value = f"v=DKIM1; k=rsa; p={b64encode(public).decode('ascii')}"
    strings = tuple(value[at : at + _STRING] for at in range(0, len(value), _STRING))
    return DnsRecord(name=f"{signer.selector}._domainkey.{signer.domain}", value=value, strings=strings)


def dns_name(domain: str) -> str:
    """`domain` in lower case, umlauts as A-labels. Raises ValueError for one that does not exist."""
    try:
        return wire_address(f"x@{domain}").rpartition("@")[2].lower()
    except ValueError as wrong:
        raise ValueError(f"{domain!r} is no domain") from wrong


def _load_key(path: Path, where: str) -> RSAPrivateKey:
    def refused(problem: str) -> SettingsError:
        return SettingsError("dkim.key_file", f"{path} {problem}", where)

    try:
        mode, pem = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        raise refused(f"does not exist; restore it, or {_CREATE}") from None
    except OSError as problem:
        raise refused(f"cannot be read: {problem.strerror}") from problem
    if mode & 0o007:
        raise refused("can be read by everybody on this machine; run `chmod 600` on it, or make a new key")
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise refused("is protected by a password, which nobody is there to type; store it without one") from None
    except ValueError:
        raise refused(f"holds no private key in PEM; {_CREATE}") from None
    if not isinstance(key, RSAPrivateKey):
        raise refused(f"holds no RSA key, which is the only kind that every receiver can check; {_CREATE}")
    if not _FEWEST_BITS <= key.key_size <= _MOST_BITS:
        raise refused(f"holds an RSA key of {key.key_size} bits; receivers want 2048 to 4096; {_CREATE}")
    return key
