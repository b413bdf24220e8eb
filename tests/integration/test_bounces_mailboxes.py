"""The bounce mailbox: a real Maildir, and an IMAP server on loopback with real TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from digest.errors import MailboxError, PausedError, SettingsError, StorageError
from digest.model.bounces import BouncesSettings, MailReport
from digest.tasks.bounce_mailboxes.imap import ImapMailbox
from digest.tasks.bounce_mailboxes.maildir import MaildirMailbox
from digest.tasks.bounce_mailboxes.named import open_mailbox
from digest.tasks.watch_bounces import ingest_waiting, watch_mailbox
from tests.integration.imap_server import ImapServer, make_certificate

MAIL = "From: anna@leser.example\r\nSubject: Grüße\r\n\r\nGrüße aus Köln\r\n".encode()


class Taken:
    """Takes mail in; some mails are poison, some come at a bad time."""

    def __init__(self) -> None:
        self.mails: dict[str, bytes] = {}
        self.faults: dict[bytes, Exception] = {}

    def __call__(self, raw: bytes, file: str) -> MailReport:
        if raw in self.faults:
            raise self.faults[raw]
        self.mails[file] = raw
        return MailReport(file=file, kind="reply")


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    path = tmp_path / "bounces"
    for folder in ("tmp", "new", "cur"):
        (path / folder).mkdir(parents=True)
    return path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("imap"))


@pytest.fixture
def server(certificate: tuple[Path, Path]) -> Iterator[ImapServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    running = ImapServer(context)
    yield running
    running.close()


@pytest.fixture
def imap(server: ImapServer, certificate: tuple[Path, Path]) -> Iterator[Callable[..., ImapMailbox]]:
    made: list[ImapMailbox] = []

    def make(password: str = "", **settings: Any) -> ImapMailbox:
        wanted = BouncesSettings(
            imap_host="localhost", imap_port=server.port, imap_user="bounces", imap_password_env="X", **settings
        )
        made.append(
            ImapMailbox(
                wanted, password or server.password, context=ssl.create_default_context(cafile=str(certificate[0]))
            )
        )
        return made[-1]

    yield make
    for mailbox in made:
        mailbox.close()


def test_a_maildir_is_taken_in_once(maildir: Path, taken: Taken) -> None:
    (maildir / "new" / "1.a").write_bytes(MAIL)
    (maildir / "new" / "2.b").write_bytes(MAIL + b"x")
    (maildir / "new" / ".hidden").write_bytes(b"x")
    assert len(ingest_waiting(MaildirMailbox(maildir), taken).files) == 2
    assert taken.mails == {"1.a": MAIL, "2.b": MAIL + b"x"}
    assert {file.name for file in (maildir / "cur").iterdir()} == {"1.a:2,S", "2.b:2,S"}
    assert ingest_waiting(MaildirMailbox(maildir), taken).files == []


def test_poison_is_set_aside_and_blocks_nobody(maildir: Path, taken: Taken) -> None:
    (maildir / "new" / "1.bad").write_bytes(b"bad")
    (maildir / "new" / "2.good").write_bytes(MAIL)
    taken.faults[b"bad"] = RecursionError("too deep")
    report = ingest_waiting(MaildirMailbox(maildir), taken)
    assert [(each.file, each.kind) for each in report.files] == [("1.bad", "set_aside"), ("2.good", "reply")]
    assert "too deep" in report.files[0].note
    assert (maildir / ".set-aside" / "cur" / "1.bad:2,F").read_bytes() == b"bad"


def test_what_comes_at_a_bad_time_waits(maildir: Path, taken: Taken) -> None:
    (maildir / "new" / "1").write_bytes(b"later")
    (maildir / "new" / "2").write_bytes(b"locked")
    taken.faults = {b"later": PausedError("no relay"), b"locked": StorageError("locked")}
    with pytest.raises(StorageError):
        ingest_waiting(MaildirMailbox(maildir), taken)
    assert {file.name for file in (maildir / "new").iterdir()} == {"1", "2"}


def test_no_maildir_is_said_so(tmp_path: Path, taken: Taken) -> None:
    with pytest.raises(MailboxError, match="There is no Maildir"):
        ingest_waiting(MaildirMailbox(tmp_path / "none"), taken)


def test_a_watcher_takes_in_what_comes_and_stops(maildir: Path, taken: Taken) -> None:
    stop, came = threading.Event(), threading.Event()
    mailbox = MaildirMailbox(maildir)
    watcher = threading.Thread(
        target=watch_mailbox, args=(mailbox, taken, stop), kwargs={"poll_seconds": 60, "on_mail": lambda _: came.set()}
    )
    watcher.start()
    (maildir / "tmp" / "1").write_bytes(MAIL)
    (maildir / "tmp" / "1").rename(maildir / "new" / "1")
    assert came.wait(10)
    stop.set()
    watcher.join(10)
    assert not watcher.is_alive()
    assert taken.mails == {"1": MAIL}


def test_an_imap_mailbox_is_taken_in_once(server: ImapServer, imap: Callable[..., ImapMailbox], taken: Taken) -> None:
    server.add(7, MAIL)
    server.add(3, b"Subject: x\r\n\r\n)\r\n* BYE\r\n")
    assert len(ingest_waiting(imap(), taken).files) == 2
    assert taken.mails == {"3": server.mails[3], "7": MAIL}
    assert server.flags == {7: {"\\Seen"}, 3: {"\\Seen"}}
    assert ingest_waiting(imap(), taken).files == []


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 MOVE", "IMAP4rev1 UIDPLUS", "IMAP4rev1"])
def test_what_was_taken_in_can_be_moved(
    server: ImapServer, imap: Callable[..., ImapMailbox], taken: Taken, capabilities: str
) -> None:
    server.capabilities = capabilities
    server.add(1, MAIL)
    ingest_waiting(imap(imap_done_folder="Erledigt"), taken)
    assert server.moved == {1: "Erledigt"}


def test_poison_is_flagged(server: ImapServer, imap: Callable[..., ImapMailbox], taken: Taken) -> None:
    server.add(1, b"bad")
    server.add(2, MAIL)
    taken.faults[b"bad"] = ValueError("no")
    ingest_waiting(imap(), taken)
    assert server.flags == {1: {"\\Seen", "\\Flagged"}, 2: {"\\Seen"}}


def test_a_refused_login_is_a_setting_to_mend(imap: Callable[..., ImapMailbox], taken: Taken) -> None:
    with pytest.raises(SettingsError, match=r"refuses the login of bounces: .*falsches Kennwort"):
        ingest_waiting(imap("verkehrt"), taken)


@pytest.mark.parametrize("at", ["LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID STORE"])
def test_a_dropped_connection_is_a_sentence_and_the_next_one_goes_on(
    server: ImapServer, imap: Callable[..., ImapMailbox], taken: Taken, at: str
) -> None:
    server.add(1, MAIL)
    server.drop_at = at
    mailbox = imap()
    with pytest.raises(MailboxError, match="cannot be read"):
        ingest_waiting(mailbox, taken)
    ingest_waiting(mailbox, taken)
    assert server.flags[1] == {"\\Seen"}


def test_tls_is_verified(server: ImapServer, taken: Taken) -> None:
    settings = BouncesSettings(imap_host="localhost", imap_port=server.port, imap_user="bounces", imap_password_env="X")
    with pytest.raises(MailboxError, match=r"(?i)certificate"):
        ingest_waiting(ImapMailbox(settings, "geheim"), taken)
    assert not any("LOGIN" in command for command in server.said)


def test_a_server_that_is_not_there(imap: Callable[..., ImapMailbox], server: ImapServer, taken: Taken) -> None:
    server.close()
    with pytest.raises(MailboxError, match="cannot be read"):
        ingest_waiting(imap(), taken)


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 IDLE", "IMAP4rev1"])
def test_a_watcher_hears_of_new_mail(
    server: ImapServer, imap: Callable[..., ImapMailbox], taken: Taken, capabilities: str
) -> None:
    server.capabilities = capabilities
    stop, came = threading.Event(), threading.Event()
    options = {"poll_seconds": 0.05, "on_mail": lambda _: came.set()}
    watcher = threading.Thread(target=watch_mailbox, args=(imap(), taken, stop), kwargs=options)
    watcher.start()
    if "IDLE" in capabilities:
        assert server.idling.wait(10)
    server.add(1, MAIL)
    assert came.wait(10)
    stop.set()
    watcher.join(10)
    assert not watcher.is_alive()
    assert taken.mails == {"1": MAIL}


def test_a_watcher_survives_faults_but_not_a_wrong_beginning(
    server: ImapServer, imap: Callable[..., ImapMailbox], taken: Taken
) -> None:
    stop = threading.Event()
    faults: list[str] = []

    def on_fault(sentence: str) -> None:
        faults.append(sentence)
        stop.set()

    def on_mail(_report: MailReport) -> None:
        server.drop_at = "IDLE"

    server.add(1, MAIL)
    watch_mailbox(imap(), taken, stop, poll_seconds=60, on_mail=on_mail, on_fault=on_fault)
    assert "Trying again in 5 seconds" in faults[0]
    with pytest.raises(SettingsError):
        watch_mailbox(imap("verkehrt"), taken, threading.Event(), poll_seconds=60)


def test_the_mailbox_of_the_settings(tmp_path: Path) -> None:
    assert isinstance(open_mailbox(BouncesSettings(maildir=str(tmp_path)), {}, "config.toml"), MaildirMailbox)
    named = BouncesSettings(imap_host="imap.probe.example", imap_user="b", imap_password_env="GEHEIM")
    assert isinstance(open_mailbox(named, {"GEHEIM": "x"}, "config.toml"), ImapMailbox)
    with pytest.raises(SettingsError, match="GEHEIM is not set"):
        open_mailbox(named, {}, "config.toml")
    with pytest.raises(SettingsError, match="names no mailbox"):
        open_mailbox(BouncesSettings(), {}, "config.toml")
