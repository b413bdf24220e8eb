"""A small name server on loopback, over UDP and TCP; it can be told to misbehave."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

#: Instead of records: no answer at all, SERVFAIL, or one that only TCP carries.
SILENT, SERVFAIL, LONG = "silent", "servfail", "long"
Zone = Mapping[tuple[str, str], Sequence[str] | str]


class NameServer:
    """Answers from `zone` as it is then: (name, type) -> records as text, or a fault. `asked` is what came."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str, str]] = []
        self.address = ""

    def answer(self, raw: bytes, protocol: str) -> bytes | None:
        query = dns.message.from_wire(raw)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((question.name.to_text(omit_final_dot=True), kind, protocol))
        response = dns.message.make_response(query)
        name, found = question.name, None
        for _ in range(5):
            found = self._records(name, kind)
            alias = self._records(name, "CNAME")
            if found is not None or not alias:
                break
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", *alias))
            name = dns.name.from_text(alias[0])
        if found == SILENT:
            return None
        if found == SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found == LONG and protocol == "udp":
            response.flags |= dns.flags.TC
        elif found == LONG:
            response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, '"v=spf1 -all"'))
        elif found:
            response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *found))
        elif not any(key[0] == name.to_text(omit_final_dot=True) for key in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

    def _records(self, name: dns.name.Name, kind: str) -> Sequence[str] | str | None:
        return self.zone.get((name.to_text(omit_final_dot=True).lower(), kind))


@contextmanager
def serving(zone: Zone) -> Iterator[NameServer]:
    """A server that runs while the block does; `address` is for whoever asks it."""
    server = NameServer(zone)

    class Datagrams(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            raw, udp = self.request
            if answer := server.answer(raw, "udp"):
                udp.sendto(answer, self.client_address)

    class Streams(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = self.rfile.read(2)
            if len(head) == 2 and (answer := server.answer(self.rfile.read(struct.unpack("!H", head)[0]), "tcp")):
                self.wfile.write(struct.pack("!H", len(answer)) + answer)

    udp, tcp = _same_port(Datagrams, Streams)
    server.address = f"127.0.0.1:{udp.server_address[1]}"
    threads = [threading.Thread(target=each.serve_forever, args=(0.02,)) for each in (udp, tcp)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        for each, thread in zip((udp, tcp), threads, strict=True):
            each.shutdown()
            thread.join()
            each.server_close()


def _same_port(
    datagrams: type[socketserver.BaseRequestHandler], streams: type[socketserver.BaseRequestHandler]
) -> tuple[socketserver.UDPServer, socketserver.TCPServer]:
    while True:
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), datagrams)
        try:
            return udp, socketserver.ThreadingTCPServer(("127.0.0.1", udp.server_address[1]), streams)
        except OSError:
            udp.server_close()


def closed_port() -> int:
    """A port that nobody listens at."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
