"""config.toml and the environment: everything of the contract is taken, and everything else is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest.config import Settings, load_settings
from digest.errors import SettingsError

#: Every key of the contract, each with a value that is not its default.
CONTRACT = """
[site]
name = "Probeblatt"
base_url = "https://probe.example"
sender = "morgen@probe.example"
sender_name = "Probeblatt am Morgen"
reply_to = "leser@probe.example"
form = "du"
time_zone = "Europe/Vienna"
imprint = "Probe GmbH, Weg 1, 10115 Berlin"
responsible = "Eva Probe, Weg 1, 10115 Berlin"
privacy_url = "https://probe.example/datenschutz"
secret_file = "geheim/secret"

[database]
url = "sqlite:///daten/digest.db"

[[sources]]
name = "Startseite"
type = "feed"
url = "https://probe.example/feed"
topics = ["politik"]
exclude_topics = ["sport"]
weight = 1.5
max_items = 7
excerpt_chars = 200
images = "remote"
every_minutes = 10

[[sources]]
name = "Ablage"
type = "textfile"
path = "ablage"

[[sources]]
name = "Blog"
type = "wordpress"
url = "https://blog.probe.example"

[[sources]]
name = "Muster"
type = "sample"

[[sources]]
name = "Seite"
type = "page"
path = "seite.html"

[topics]
"Kryptowährungen" = "krypto"

[gather]
timeout_seconds = 5
max_bytes = 1000000
user_agent = "probe/1.0"
allow_networks = ["10.0.0.0/8", "fd00::/8"]

[market]
coins = ["BTC", "LTC"]
currency = "CHF"
providers = ["kraken", "coingecko"]
max_age_minutes = 15

[market.coingecko]
base_url = "http://127.0.0.1:9/cg"
key_env = "COIN_KEY"

[market.kraken]
base_url = "http://127.0.0.1:9/kr"

[[newsletters]]
slug = "morgen"
name = "Der Morgen"
lists = ["morgen", "alle"]
segment = "plus"
sources = ["Startseite", "Ablage"]
template = "daily"
at = "06:45"
days = "mon,wed,fri-sun"
prepare_at = "06:00"
remind_at = "06:20"
lookback_hours = 36
max_articles = 9
approval = "required"
if_unapproved = "send"
late = "skip"
late_window_hours = 2
empty = "send"
subject = "personal"
link_params = "utm_source=digest"
sender = "abend@probe.example"
sender_name = "Abend"
reply_to = "abend-leser@probe.example"
brand = {name = "Morgen", logo = "https://probe.example/l.png", logo_dark = "https://probe.example/d.png", \
accent = "#aa2233"}
holidays = "DE-BE"

[[newsletters.sections]]
name = "Politik"
topics = ["politik"]
max = 3

[delivery]
backend = "smtp"
path = "ausgang"
bounce_domain = "bounces.probe.example"
envelope = "verp"
on_unknown = "hold"
durability = "power"
domain_limits = {"gmx.de" = "100/hour"}

[[delivery.relays]]
host = "mail.probe.example"
port = 465
tls = "implicit"
username = "digest"
password_env = "RELAY_PASSWORD"
connections = 2
pipelining = "off"
limits = ["500/hour", "30/minute"]
messages_per_connection = 50

[dkim]
domain = "probe.example"
selector = "d1"
key_file = "dkim.pem"

[bounces]
maildir = "bounces"
imap_host = "imap.probe.example"
imap_user = "bounces"
imap_password_env = "IMAP_PASSWORD"
hard_after = 2
soft_days = 7

[alerts]
mail_to = "admin@probe.example"
relay = "mail2.probe.example"
webhook_url = "https://hooks.probe.example"
heartbeat_url = "https://beat.probe.example"

[templates]
path = "vorlagen"

[web]
host = "0.0.0.0"
port = 8080
trusted_proxies = ["127.0.0.1"]

[privacy]
unconfirmed_days = 7
evidence_years = 4
store_ip = true
"""

SMALL = """
[[sources]]
name = "Muster"
type = "sample"

[[newsletters]]
slug = "morgen"
name = "Der Morgen"
lists = ["morgen"]
"""

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(text: str | bytes = SMALL, **environ: str) -> Settings:
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_settings(path, environ)

    return read


def test_every_key_of_the_contract_is_taken(load: Load, tmp_path: Path) -> None:
    settings = load(CONTRACT)
    assert settings.site.form == "du"
    assert settings.site.secret_file == str(tmp_path / "geheim/secret")
    assert settings.sources[0].weight == 1.5
    assert [source.type for source in settings.sources] == ["feed", "textfile", "wordpress", "sample", "page"]
    assert settings.topics == {"Kryptowährungen": "krypto"}
    assert settings.market.coingecko.key_env == "COIN_KEY"
    assert settings.newsletters[0].brand.accent == "#aa2233"
    assert settings.newsletters[0].sections[0].max == 3
    assert settings.delivery.relays[0].limits == ("500/hour", "30/minute")
    assert settings.privacy.store_ip is True


def test_an_empty_file_is_all_defaults_and_lets_no_mail_out(load: Load) -> None:
    settings = load("")
    assert settings.site.sample_imprint
    assert settings.delivery.backend == "maildir"


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("[sites]\nname = 'x'", "sites", "do you mean `site`?"),
        ("[[newsletter]]\nslug = 'x'", "newsletter", "do you mean `newsletters`?"),
        ("nmae = 'x'", "nmae", "no such setting"),
        ("[site]\nbaseurl = 'https://x.example'", "site.baseurl", "do you mean `base_url`?"),
        ("[[sources]]\nname='a'\ntype='sample'\nurls='x'", "sources[0].urls", "do you mean `url`?"),
        ("[market.kraken]\nbase_ulr = 'x'", "market.kraken.base_ulr", "do you mean `base_url`?"),
        ("[market.krakn]\nbase_url = 'x'", "market.krakn", "do you mean `kraken`?"),
        (
            SMALL + "[[newsletters.sections]]\nnam = 'x'",
            "newsletters[0].sections[0].nam",
            "do you mean `name`?",
        ),
        (SMALL + "[newsletters.brand]\nlogos = 'x'", "newsletters[0].brand.logos", "do you mean `logo`?"),
        ("[[delivery.relays]]\nhost='x'\nprot=25", "delivery.relays[0].prot", "do you mean `port`?"),
        ("[site]\nqqqqqq = 1", "site.qqqqqq", "there is no such setting"),
    ],
)
def test_an_unknown_key_is_named_with_its_file_and_what_is_like_it(
    load: Load, tmp_path: Path, text: str, key: str, says: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(text)
    assert refused.value.exit_code == 2
    assert refused.value.key == key
    assert str(tmp_path / "config.toml") in str(refused.value)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("[web]\nport = 'x'", "web.port", "a whole number"),
        ("[site]\nname = 1", "site.name", "text"),
        ("[site]\nform = 'ihr'", "site.form", "'ihr' is none of Sie, du"),
        ("site = 3", "site", "a table"),
        ("sources = 'x'", "sources", "a list"),
        ("[topics]\na = 'b'\n'Kryptowährungen' = 1", "topics.Kryptowährungen", "text"),
        ("[privacy]\nstore_ip = 1", "privacy.store_ip", "true or false"),
        ("[market]\nproviders = ['kracken']", "market.providers[0]", "coingecko, kraken, sample"),
        ("[[sources]]\ntype = 'sample'", "sources[0].name", "is missing"),
        ("[[newsletters]]\nname = 'x'\nlists = ['x']", "newsletters[0].slug", "is missing"),
        ("[site]\nbase_url = 'probe.example'", "site", "base_url"),
        ("[site]\nbase_url = 'https://probe.example/'", "site", "base_url"),
        ("[site]\nsender = 'nobody'", "site", "sender"),
        ("[site]\nsender = \"a@b.example\\r\\nBcc: c@d.example\"", "site", "sender"),
        ("[site]\ntime_zone = 'Berlin'", "site", "time_zone"),
        ("[site]\ntime_zone = 'Europe'", "site", "time_zone"),
        ("[database]\nurl = 'mysql://x'", "database", "sqlite:///"),
        ("[database]\nurl = 'sqlite:///'", "database", "file"),
        (SMALL + "at = '6:30'", "newsletters[0]", "at: '6:30' is not a time"),
        (SMALL + "at = ''", "newsletters[0]", "at"),
        (SMALL + "prepare_at = '25:00'", "newsletters[0]", "prepare_at"),
        (SMALL + "days = 'montags'", "newsletters[0]", "days"),
        (SMALL + "max_articles = 0", "newsletters[0]", "max_articles"),
        (SMALL + "late_window_hours = -1", "newsletters[0]", "late_window_hours"),
        (SMALL + "reply_to = 'x'", "newsletters[0]", "reply_to"),
        (SMALL + "brand = {accent = 'red'}", "newsletters[0].brand", "accent"),
        ("[[newsletters]]\nslug='Ä'\nname='x'\nlists=['x']", "newsletters[0]", "slug"),
        ("[[newsletters]]\nslug='x'\nname='x'\nlists=[]", "newsletters[0]", "lists"),
        ("[[sources]]\nname='a'\ntype='feed'", "sources[0]", "url or path"),
        ("[gather]\nallow_networks = ['10.0.0.0/99']", "gather", "10.0.0.0/99"),
        ("[[delivery.relays]]\nhost='mx.example'\ntls='none'", "delivery.relays[0]", "loopback"),
        ("[[delivery.relays]]\nhost='mx.example'\nlimits=['9/week']", "delivery.relays[0]", "limits: '9/week' is not"),
        ("[delivery.domain_limits]\n'gmx.de,,web.de' = '9/hour'", "delivery", "domain_limits: '' is not a domain"),
        (SMALL + "[[sources]]\nname='Muster'\ntype='sample'", "sources[1].name", "two sources named 'Muster'"),
        (SMALL + "[[newsletters]]\nslug='morgen'\nname='x'\nlists=['x']", "newsletters[1].slug", "'morgen'"),
        (SMALL + "sources = ['Mustre']", "newsletters[0].sources", "'Mustre' that does not exist; do you mean"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(load: Load, text: str, key: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(text)
    assert refused.value.key == key
    assert says in refused.value.problem
    assert "config.toml" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[site\nname = 1", "not TOML"),
        (b"[site]\nname = 1\nname = 2", "not TOML"),
        ("[site]\nname = 'M\u00fcnchen'".encode("latin-1"), "not UTF-8"),
        (b"a = " + b"[" * 100_000, "not TOML"),
        (b"a = " + b"9" * 10_000, "not TOML"),
        (b"\x00\x01\x02", "not TOML"),
    ],
)
def test_what_is_no_toml_is_a_sentence(load: Load, content: bytes, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load(content)


def test_a_byte_order_mark_does_no_harm(load: Load) -> None:
    assert load(b"\xef\xbb\xbf[site]\r\nname = 'x'\r\n").site.name == "x"


def test_a_missing_file_and_a_folder_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(tmp_path / "nothing.toml", {})
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("variable", "text", "get", "expected"),
    [
        ("DIGEST_SITE__NAME", "12", lambda s: s.site.name, "12"),
        ("DIGEST_SITE__FORM", "du", lambda s: s.site.form, "du"),
        ("DIGEST_WEB__PORT", "8001", lambda s: s.web.port, 8001),
        ("DIGEST_GATHER__TIMEOUT_SECONDS", "2.5", lambda s: s.gather.timeout_seconds, 2.5),
        ("DIGEST_GATHER__TIMEOUT_SECONDS", "3", lambda s: s.gather.timeout_seconds, 3.0),
        ("DIGEST_PRIVACY__STORE_IP", "true", lambda s: s.privacy.store_ip, True),
        ("DIGEST_PRIVACY__STORE_IP", "false", lambda s: s.privacy.store_ip, False),
        ("DIGEST_MARKET__COINS", '["LTC"]', lambda s: s.market.coins, ("LTC",)),
        ("DIGEST_MARKET__KRAKEN__BASE_URL", "http://127.0.0.1:1", lambda s: s.market.kraken.base_url, "http://127.0.0.1:1"),
        ("DIGEST_TOPICS", '{"A": "b"}', lambda s: s.topics, {"A": "b"}),
        ("DIGEST_TOPICS__SPORT", "x", lambda s: s.topics, {"sport": "x"}),
        ("DIGEST_SOURCES", '[{"name": "Muster", "type": "sample", "weight": 2}]', lambda s: s.sources[0].weight, 2.0),
        ("DIGEST_DELIVERY__RELAYS", '[{"host": "mx.example", "port": 25}]', lambda s: s.delivery.relays[0].port, 25),
        ("DIGEST_SITE", '{"name": "ganz"}', lambda s: s.site.name, "ganz"),
        ("DIGEST_CONFIG", "anything.toml", lambda s: s.site.name, "Newsroom digest"),
        ("OTHER_SITE__NAME", "x", lambda s: s.site.name, "Newsroom digest"),
    ],
)  # fmt: skip
def test_the_environment_overrides_every_key(
    load: Load, variable: str, text: str, get: Callable[[Settings], Any], expected: Any
) -> None:
    assert get(load(**{variable: text})) == expected


def test_an_entry_of_the_file_is_found_whatever_its_letter_case(load: Load) -> None:
    settings = load('[topics]\n"Krypto" = "k"', DIGEST_TOPICS__KRYPTO="geld")
    assert settings.topics == {"Krypto": "geld"}


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("DIGEST_SITE__NAEM", "x", "no such setting; do you mean name?"),
        ("DIGEST_STIE__NAME", "x", "no such setting"),
        ("DIGEST_SITES", "x", "do you mean site?"),
        ("DIGEST_SITE__NAME__X", "x", "no such setting"),
        ("DIGEST_NEWSLETTERS__AT", "x", "as JSON in DIGEST_NEWSLETTERS"),
        ("DIGEST_DELIVERY__RELAYS__PORT", "25", "as JSON in DIGEST_DELIVERY__RELAYS"),
        ("DIGEST_", "x", "no such setting"),
        ("DIGEST_WEB__PORT", "x", "a whole number"),
        ("DIGEST_WEB__PORT", "", "a whole number"),
        ("DIGEST_MARKET__COINS", "BTC", "a list"),
        ("DIGEST_SITE__FORM", "ihr", "Sie, du"),
        ("DIGEST_SITE__BASE_URL", "probe", "base_url"),
        ("DIGEST_SITE__NAME", "\udcff", "UTF-8"),
        ("DIGEST_SOURCES", "[]x", "a list"),
        ("DIGEST_NEWSLETTERS", '[{"slug": "a", "name": "A", "lists": ["a"], "sources": ["b"]}]', "'b'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_environment_is_blamed_on_the_variable(
    load: Load, variable: str, text: str, says: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(**{variable: text})
    assert refused.value.key == variable
    assert refused.value.where == "the environment"
    assert says in refused.value.problem
    assert refused.value.exit_code == 2


def test_a_table_and_a_key_of_it_in_the_environment(load: Load) -> None:
    settings = load(DIGEST_SITE='{"name": "ganz"}', DIGEST_SITE__SENDER_NAME="Teil")
    assert (settings.site.name, settings.site.sender_name) == ("ganz", "Teil")
    with pytest.raises(SettingsError, match="DIGEST_SITE__SENDER_NAME"):
        load(DIGEST_SITE="3", DIGEST_SITE__SENDER_NAME="Teil")


def test_the_files_own_fault_is_not_blamed_on_the_environment(load: Load) -> None:
    with pytest.raises(SettingsError) as refused:
        load("[web]\nport = 'x'", DIGEST_SITE__NAME="y")
    assert refused.value.key == "web.port"
    assert "config.toml" in refused.value.where


def test_names_that_an_env_key_points_to_are_exempt(load: Load) -> None:
    relays = '[[delivery.relays]]\nhost="mx.example"\nusername="u"\npassword_env="DIGEST_RELAY_PASSWORD"'
    assert load(relays, DIGEST_RELAY_PASSWORD="secret").delivery.relays[0].username == "u"
    assert load("[bounces]\nimap_password_env = 'DIGEST_IMAP'", DIGEST_IMAP="secret").bounces.imap_password_env
    assert load(DIGEST_MARKET__COINGECKO__KEY_ENV="DIGEST_A_KEY", DIGEST_A_KEY="secret").market.coingecko.key_env
    with pytest.raises(SettingsError) as refused:
        load(DIGEST_RELAY_PASSWORD="secret-value")
    assert "secret-value" not in str(refused.value)


def test_relative_paths_are_relative_to_the_file(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    text = """
    [site]
    secret_file = "a/secret"
    [database]
    url = "sqlite:///b/digest.db"
    [[sources]]
    name = "x"
    type = "textfile"
    path = "c"
    [delivery]
    path = "d"
    [dkim]
    key_file = "e"
    [templates]
    path = "f"
    [bounces]
    maildir = "g"
    """
    settings = load(text)
    assert settings.site.secret_file == str(tmp_path / "a/secret")
    assert settings.database.url == f"sqlite:///{tmp_path / 'b/digest.db'}"
    assert settings.sources[0].path == str(tmp_path / "c")
    assert settings.delivery.path == str(tmp_path / "d")
    assert settings.dkim.key_file == str(tmp_path / "e")
    assert settings.templates.path == str(tmp_path / "f")
    assert settings.bounces.maildir == str(tmp_path / "g")


def test_relative_paths_from_the_environment_are_relative_to_the_file_too(load: Load, tmp_path: Path) -> None:
    settings = load(
        DIGEST_DELIVERY__PATH="out",
        DIGEST_DATABASE__URL="sqlite:///data/x.db",
        DIGEST_SITE__SECRET_FILE="s",
        DIGEST_SOURCES=json.dumps([{"name": "Muster", "type": "feed", "path": "feeds"}]),
    )
    assert settings.delivery.path == str(tmp_path / "out")
    assert settings.database.url == f"sqlite:///{tmp_path / 'data/x.db'}"
    assert settings.site.secret_file == str(tmp_path / "s")
    assert settings.sources[0].path == str(tmp_path / "feeds")


def test_absolute_and_home_paths_stay_what_they_are(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = load('[delivery]\npath = "~/out"\n[database]\nurl = "sqlite:////srv/digest.db"')
    assert settings.delivery.path == str(tmp_path / "home/out")
    assert settings.database.url == "sqlite:////srv/digest.db"
    with pytest.raises(SettingsError, match=r"delivery\.path"):
        load('[delivery]\npath = "~nobody-of-that-name/out"')


def test_the_shipped_settings_work() -> None:
    settings = load_settings(Path(__file__).parents[2] / "config.toml", {})
    assert settings.delivery.backend == "maildir"
    assert settings.site.sample_imprint
    assert {source.type for source in settings.sources} == {"sample"}
