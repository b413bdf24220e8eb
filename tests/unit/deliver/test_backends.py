"""Which backend the settings get, and which mail is held back."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.deliver.backends import make_backend
from digest.deliver.console import ConsoleBackend
from digest.deliver.maildir import MaildirBackend
from digest.deliver.memory import MemoryBackend
from digest.deliver.settings import DeliverySettings, Relay
from digest.deliver.smtp import SmtpBackend
from digest.errors import HeldBackError, SettingsError

LOCAL = Relay(host="127.0.0.1", port=2525, tls="none", connections=3)
LOGIN = Relay(host="mail.example", username="digest", password_env="RELAY_PASSWORD", connections=2)

PLUGIN = """
class PigeonBackend:
    connections = 1
    def __init__(self, settings, environ):
        self.home = environ["PIGEON_HOME"]
    def connect(self):
        raise NotImplementedError
    def where(self):
        return self.home
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that offers the backends pigeon, broken, and a maildir of its own."""
    (tmp_path / "pigeon_post.py").write_text(PLUGIN)
    metadata = tmp_path / "pigeon_post-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon-post\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[digest.backends]\npigeon = pigeon_post:PigeonBackend\nbroken = pigeon_lost:Backend\n"
        "console = pigeon_post:PigeonBackend\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (DeliverySettings(), MaildirBackend),
        (DeliverySettings(backend="console"), ConsoleBackend),
        (DeliverySettings(backend="memory"), MemoryBackend),
        (DeliverySettings(backend="smtp", relays=(LOCAL,)), SmtpBackend),
    ],
)
def test_ours_are_found_by_name(settings: DeliverySettings, kind: type) -> None:
    assert isinstance(make_backend(settings, {}, sample_imprint=False), kind)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        SettingsError, match=r"my\.toml.*`delivery\.backend`.*'smpt'.*console, eml, maildir, memory, ses, smtp"
    ):
        make_backend(DeliverySettings(backend="smpt"), {}, sample_imprint=False, where="my.toml")


@pytest.mark.parametrize("name", ["maildir", "eml", "console", "memory"])
def test_a_sample_imprint_lets_harmless_backends_work(name: str) -> None:
    assert make_backend(DeliverySettings(backend=name), {}, sample_imprint=True).where()


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("name", ["smtp", "pigeon", "broken"])
def test_a_sample_imprint_holds_every_other_back(name: str) -> None:
    with pytest.raises(HeldBackError, match=r"site\.imprint") as held:
        make_backend(DeliverySettings(backend=name, relays=(LOCAL,)), {}, sample_imprint=True)
    assert held.value.exit_code == 3


@pytest.mark.usefixtures("plugins")
def test_another_packages_backend_is_made_with_settings_and_environment() -> None:
    backend = make_backend(DeliverySettings(backend="pigeon"), {"PIGEON_HOME": "loft"}, sample_imprint=False)
    assert backend.where() == "loft"


@pytest.mark.usefixtures("plugins")
def test_a_backend_that_cannot_be_loaded_or_told_apart_is_a_setting_to_mend() -> None:
    with pytest.raises(SettingsError, match="pigeon_lost"):
        make_backend(DeliverySettings(backend="broken"), {}, sample_imprint=False)
    with pytest.raises(SettingsError, match=r"more than one package offers 'console'.*pigeon_post"):
        make_backend(DeliverySettings(backend="console"), {}, sample_imprint=True)


def test_smtp_has_the_connections_of_all_its_relays() -> None:
    settings = DeliverySettings(backend="smtp", relays=(LOCAL, LOGIN))
    backend = make_backend(settings, {"RELAY_PASSWORD": "geheim"}, sample_imprint=False)
    assert backend.connections == 5
    assert backend.where() == "127.0.0.1:2525, mail.example:587"


def test_smtp_names_what_is_missing() -> None:
    with pytest.raises(SettingsError, match=r"delivery\.relays"):
        make_backend(DeliverySettings(backend="smtp"), {}, sample_imprint=False)
    with pytest.raises(SettingsError, match="RELAY_PASSWORD is not set"):
        make_backend(DeliverySettings(backend="smtp", relays=(LOGIN,)), {"RELAY_PASSWORD": ""}, sample_imprint=False)
    environ = {"RELAY_PASSWORD": "x", "SSL_CERT_FILE": "nowhere"}
    with pytest.raises(SettingsError, match="nowhere holds no certificates"):
        make_backend(DeliverySettings(backend="smtp", relays=(LOGIN,)), environ, sample_imprint=False)
