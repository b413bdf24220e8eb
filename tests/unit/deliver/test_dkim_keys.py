"""Which keys are taken, and what is said of the others."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from digest.deliver.dkim_keys import check_alignment, create_key, dns_record, load_signer
from digest.deliver.settings import DkimSettings
from digest.errors import DeliveryError, SettingsError

PEM = (Encoding.PEM, PrivateFormat.PKCS8)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "below" / "dkim.pem"
    create_key(path)
    return path


def configured(key_file: Path, domain: str = "news.example") -> DkimSettings:
    return DkimSettings(domain=domain, selector="digest", key_file=str(key_file))


def test_a_new_key_is_its_owners_alone_and_signs(key_file: Path) -> None:
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert [file.name for file in key_file.parent.iterdir()] == ["dkim.pem"]
    signer = load_signer(configured(key_file), "config.toml")
    assert signer is not None
    assert signer.public_key.key_size == 2048


def test_without_a_table_nothing_is_signed() -> None:
    assert load_signer(DkimSettings(), "config.toml") is None


def test_the_record_is_in_strings_that_dns_takes(key_file: Path) -> None:
    signer = load_signer(configured(key_file, "büro.Example"), "config.toml")
    assert signer is not None
    record = dns_record(signer)
    assert record.name == "digest._domainkey.xn--bro-hoa.example"
    assert "".join(record.strings) == record.value
    assert max(map(len, record.strings)) <= 255
    assert record.zone_line == f'{record.name}. IN TXT ( "{record.strings[0]}" "{record.strings[1]}" )'


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"domain": "a.example"}, "dkim.selector"),
        ({"selector": "digest"}, "dkim.domain"),
        ({"key_file": "x"}, "dkim.domain"),
        ({"domain": "a.example", "selector": "digest"}, "dkim.key_file"),
    ],
)
def test_a_half_filled_table_is_refused(values: dict[str, str], key: str) -> None:
    with pytest.raises(SettingsError, match=r"is missing, but .*digest dkim create") as refused:
        load_signer(DkimSettings(**values), "config.toml")
    assert refused.value.key == key


def _bits(size: int) -> bytes:
    return generate_private_key(public_exponent=65537, key_size=size).private_bytes(*PEM, NoEncryption())


def _public() -> bytes:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "no key at all": (lambda: b"\x00\xff nothing", "holds no private key in PEM"),
    "an empty file": (lambda: b"", "holds no private key in PEM"),
    "the public half": (_public, "holds no private key in PEM"),
    "Ed25519": (lambda: Ed25519PrivateKey.generate().private_bytes(*PEM, NoEncryption()), "holds no RSA key"),
    "1024 bits": (lambda: _bits(1024), "of 1024 bits; receivers want 2048"),
    "behind a password": (
        lambda: Ed25519PrivateKey.generate().private_bytes(*PEM, BestAvailableEncryption(b"x")),
        "protected by a password",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_such_key_is_refused(tmp_path: Path, kind: str) -> None:
    make, words = BAD[kind]
    file = tmp_path / "dkim.pem"
    file.write_bytes(make())
    file.chmod(0o600)
    with pytest.raises(SettingsError, match=words) as refused:
        load_signer(configured(file), "config.toml")
    assert str(file) in str(refused.value)
    assert refused.value.key == "dkim.key_file"


def test_a_missing_and_an_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load_signer(configured(tmp_path / "no.pem"), "config.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_signer(configured(tmp_path), "config.toml")


def test_a_key_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    create_key(file)
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_signer(configured(file), "config.toml")
    file.chmod(0o640)  # a group of its own is a common way to hand it to a service
    assert load_signer(configured(file), "config.toml") is not None


def test_a_key_is_not_overwritten_unless_told(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    create_key(file)
    first = file.read_bytes()
    with pytest.raises(DeliveryError, match="is there already"):
        create_key(file)
    assert file.read_bytes() == first
    create_key(file, overwrite=True)
    assert file.read_bytes() != first
    assert [each.name for each in tmp_path.iterdir()] == ["dkim.pem"]


def test_a_key_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryError, match="cannot be written"):
        create_key(tmp_path / "file" / "dkim.pem")


ALIGNED = [
    ("news.example", "digest@news.example"),
    ("news.example", "digest@mail.news.example"),
    ("mail.news.example", "digest@news.example"),
    ("NEWS.example", "digest@News.Example"),
    ("büro.example", "digest@xn--bro-hoa.example"),
]


@pytest.mark.parametrize(("domain", "sender"), ALIGNED)
def test_domains_that_cover_a_sender(domain: str, sender: str) -> None:
    check_alignment(DkimSettings(domain=domain), {"site.sender": sender}, "config.toml")


@pytest.mark.parametrize(
    ("domain", "sender"),
    [("news.example", "digest@other.example"), ("example", "digest@other"), ("news.example", "a@news.example.org")],
)
def test_domains_that_cannot_cover_a_sender(domain: str, sender: str) -> None:
    with pytest.raises(SettingsError, match=r"does not cover site\.sender"):
        check_alignment(DkimSettings(domain=domain), {"site.sender": sender}, "config.toml")


@pytest.mark.parametrize(
    "values", [{"domain": "a b"}, {"domain": "a@b.example"}, {"selector": "a b"}, {"selector": "ä"}, {"domain": ".a"}]
)
def test_names_that_the_dns_does_not_know_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be"):
        DkimSettings(**values)
