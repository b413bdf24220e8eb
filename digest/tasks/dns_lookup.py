"""Questions to the domain name system, with three kinds of answer: this, nothing, or nobody can say just now."""

from __future__ import annotations

from functools import cached_property
from ipaddress import ip_address
from typing import Any

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from digest.errors import UsageError

#: Seconds for one question, all servers and tries together.
_SECONDS = 5.0
_PORT = 53


class DnsFaultError(Exception):
    """No answer that means anything: a time-out, SERVFAIL, a loop of aliases."""

    def __init__(self, name: str, kind: str, why: str) -> None:
        super().__init__(f"the name server gave no answer for {kind} of {name}: {why}")


class Lookup:
    """Asks `server`, such as "192.0.2.53" or "[2001:db8::53]:5353", or the system's own; each question once."""

    def __init__(self, server: str = "", *, seconds: float = _SECONDS) -> None:
        """Raises UsageError for what is no address."""
        self._server = _host_and_port(server) if server else None
        self._seconds = seconds
        self._answers: dict[tuple[str, str], list[Any] | DnsFaultError] = {}

    def texts(self, name: str) -> list[str]:
        """The TXT records of `name`, each with its strings put together (RFC 7208, 3.3). Raises DnsFaultError."""
        return [b"".join(each.strings).decode("utf-8", "replace") for each in self._ask(name, "TXT")]

    def exchangers(self, name: str) -> list[str]:
        """The hosts of its MX records, the preferred one first; "" for a null MX (RFC 7505). Raises DnsFaultError."""
        records = sorted(self._ask(name, "MX"), key=lambda each: int(each.preference))
        return [_plain(each.exchange) for each in records]

    def addresses(self, name: str) -> list[str]:
        """Its IPv4 and IPv6 addresses; an address is its own. Raises DnsFaultError."""
        try:
            return [str(ip_address(name.strip("[]")))]
        except ValueError:
            return [str(each.address) for kind in ("A", "AAAA") for each in self._ask(name, kind)]

    def pointers(self, address: str) -> list[str]:
        """The names that an address points back to. Raises DnsFaultError."""
        return [_plain(each.target) for each in self._ask(dns.reversename.from_address(address).to_text(), "PTR")]

    def _ask(self, name: str, kind: str) -> list[Any]:
        question = (name.lower().rstrip("."), kind)
        if question not in self._answers:
            try:
                self._answers[question] = self._resolve(name, kind)
            except DnsFaultError as fault:
                self._answers[question] = fault
        answer = self._answers[question]
        if isinstance(answer, DnsFaultError):
            raise answer
        return answer

    def _resolve(self, name: str, kind: str) -> list[Any]:
        try:
            answer = self._resolver.resolve(name, kind, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            return []  # nobody can have published that
        except dns.resolver.NoResolverConfiguration as none:
            raise DnsFaultError(name, kind, "this machine names no server") from none
        except dns.exception.Timeout as late:
            raise DnsFaultError(name, kind, f"nothing within {self._seconds:g} seconds") from late
        except (dns.exception.DNSException, OSError) as problem:
            raise DnsFaultError(name, kind, _said(problem)) from problem
        return list(answer.rrset or ())

    @cached_property
    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=not self._server)
        resolver.lifetime = self._seconds
        resolver.timeout = self._seconds / 2
        if self._server:
            host, resolver.port = self._server
            resolver.nameservers = [host]
        return resolver


def _host_and_port(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    if not host or "]" in port or (":" in host and not server.startswith("[")):
        host, port = server, str(_PORT)
    try:
        return str(ip_address(host.strip("[]"))), int(port)
    except ValueError:
        raise UsageError(f"{server!r} is no address of a name server, such as 192.0.2.53 or 127.0.0.1:5353.") from None


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")


def _said(problem: Exception) -> str:
    return " ".join(str(problem).split())[:200].rstrip(".") or type(problem).__name__
