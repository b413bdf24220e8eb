"""A small IMAP server with TLS, for one folder; it can be told to misbehave."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    paths[1].write_bytes(private)
    return paths


@dataclass
class ImapServer:
    """`mails` by number, `flags` of each; `said` is every command as it came.

    `drop_at` closes the connection, once, at the command that begins so.
    """

    context: ssl.SSLContext
    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    moved: dict[int, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    capabilities: str = "IMAP4rev1 IDLE MOVE UIDPLUS"
    password: str = "geheim"
    drop_at: str = ""
    idling: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("localhost", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[ssl.SSLSocket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def add(self, number: int, raw: bytes) -> None:
        self.mails[number], self.flags[number] = raw, set()
        for connection in self._open:
            if self.idling.is_set():
                connection.sendall(f"* {len(self.mails)} EXISTS\r\n".encode())

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed before
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            try:
                connection = self.context.wrap_socket(plain, server_side=True)
            except (OSError, ssl.SSLError):
                continue
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: ssl.SSLSocket) -> None:
        try:
            connection.sendall(f"* OK [CAPABILITY {self.capabilities}] ready\r\n".encode())
            for line in connection.makefile("rb"):
                tag, _, command = line.decode("utf-8", "replace").strip().partition(" ")
                self.said.append(command or tag)
                if self.drop_at and command.startswith(self.drop_at):
                    self.drop_at = ""
                    connection.close()
                    return
                connection.sendall(self._answer(tag, command))
        except (OSError, ValueError):
            pass
        finally:
            self._open = [each for each in self._open if each is not connection]

    def _answer(self, tag: str, command: str) -> bytes:
        if tag == "DONE":
            self.idling.clear()
            return b"%s OK idle\r\n" % self._idle_tag
        done = f"{tag} OK done\r\n".encode()
        word = command.removeprefix("UID ").split(" ")[0].upper()
        if word == "CAPABILITY":
            return f"* CAPABILITY {self.capabilities}\r\n".encode() + done
        if word == "LOGIN":
            return (
                done if self.password in command else f"{tag} NO [AUTHENTICATIONFAILED] falsches Kennwort\r\n".encode()
            )
        if word == "SELECT":
            return f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n".encode() + done
        if word == "SEARCH":
            found = [n for n in self.mails if "\\Seen" not in self.flags[n] and n not in self.moved]
            return f"* SEARCH {' '.join(map(str, found))}\r\n".encode() + done
        if word == "FETCH":
            number = int(command.split(" ")[2])
            raw = self.mails[number]
            return b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (number, len(raw), raw) + done
        if word == "STORE":
            number = int(command.split(" ")[2])
            self.flags[number] |= set(re.findall(r"\\\w+", command))
            return done
        if word in ("MOVE", "COPY"):
            self.moved[int(command.split(" ")[2])] = command.split(" ")[3].strip('"')
            return done
        if word == "IDLE":
            self._idle_tag = tag.encode()
            self.idling.set()
            return b"+ idling\r\n"
        return done
