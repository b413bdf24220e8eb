"""SPF, DKIM, DMARC, MX and PTR of whoever sends, with the record to add where one is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

import msgspec

from digest.deliver.dkim_keys import DnsRecord
from digest.tasks.diagnosis import Diagnosis, error, ok, unknown, warning
from digest.tasks.dns_lookup import DnsFaultError, Lookup
from digest.tasks.spf_record import MOST_LOOKUPS, is_spf, merged_spf, proposed_spf, read_spf

_POLICIES = ("none", "quarantine", "reject")
#: RFC 9989, 4.10: how far up a policy is looked for.
_MOST_LABELS = 8


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """How mail leaves. `senders` maps settings to the domains of their From, as A-labels; `envelope` is the domain of
    the envelope sender, which bounces come to.

    `dkim` is the record of our own key, None where we do not sign; `signed_elsewhere` where the backend does.
    `relays` are host names, "" for this machine, which calls itself `own_name`.
    """

    senders: Mapping[str, str]
    envelope: str
    dkim: DnsRecord | None
    relays: tuple[str, ...]
    own_name: str = ""
    signed_elsewhere: bool = False

    @property
    def dkim_domain(self) -> str:
        return self.dkim.name.partition("._domainkey.")[2] if self.dkim else ""


def check_dns(sending: Sending, lookup: Lookup) -> Iterator[Diagnosis]:
    """Everything that others look up before they take our mail. What cannot be looked up is said to be unknown."""
    yield from _asked("SPF", check_spf(sending, lookup))
    yield from _asked("DKIM", check_dkim(sending, lookup))
    domains = {domain: setting for setting, domain in sending.senders.items()}
    for domain, setting in domains.items():
        yield from _asked("DMARC", check_dmarc(domain, setting, sending, lookup))
    if not sending.signed_elsewhere:
        yield from _asked("MX", check_mx(sending.envelope, "bounces", lookup))
    for domain, setting in domains.items():
        if domain != sending.envelope or sending.signed_elsewhere:
            yield from _asked("MX", check_mx(domain, f"replies to {setting}", lookup))
    for host in dict.fromkeys(sending.relays):
        yield from _asked("PTR", check_ptr(host, sending.own_name, lookup))


def check_spf(sending: Sending, lookup: Lookup) -> Iterator[Diagnosis]:
    """RFC 7208: exactly one record at the envelope sender's domain, which can be evaluated and refuses others."""
    domain = sending.envelope
    if sending.signed_elsewhere:
        yield ok("SPF", "The backend puts an envelope sender of its own.")
        return
    records = sorted(filter(is_spf, lookup.texts(domain)))
    if not records:
        proposal = proposed_spf(sending.relays, sending.own_name)
        yield error(
            "SPF",
            f"{domain}, the envelope sender's domain, has no SPF record.",
            "Publish one that names every host that sends for it; your relay's operator says which term is theirs.",
            _zone_line(domain, proposal),
        )
        return
    if len(records) > 1:
        yield error(
            "SPF",
            f"{domain} has {len(records)} SPF records, which counts as a fault (RFC 7208, 3.2).",
            "Leave one that holds the terms of all of them.",
            _zone_line(domain, merged_spf(records)),
        )
        return
    reading = read_spf(records[0], lookup.texts)
    for fault in reading.faults:
        yield error("SPF", f"The SPF record of {domain} cannot be evaluated: {fault}.", "Mend or remove that term.")
    if reading.lookups > MOST_LOOKUPS:
        yield error(
            "SPF",
            f"The SPF record of {domain} needs more than {MOST_LOOKUPS} look-ups, so receivers give up.",
            "Remove includes that are needed no more, or name addresses by ip4: and ip6:.",
        )
    if reading.all == "+":
        yield error("SPF", f"The SPF record of {domain} lets everybody send.", "End it in -all or ~all.")
    elif reading.all not in ("-", "~") and "redirect=" not in records[0].lower():
        yield warning("SPF", f"The SPF record of {domain} says nothing about other hosts.", "End it in -all or ~all.")
    elif not reading.faults and reading.lookups <= MOST_LOOKUPS:
        yield ok("SPF", f"{domain}: {records[0]}")


def check_dkim(sending: Sending, lookup: Lookup) -> Iterator[Diagnosis]:
    """RFC 6376, 3.6: the published key is the one that we sign with."""
    record = sending.dkim
    if record is None:
        if sending.signed_elsewhere:
            yield ok("DKIM", "The backend signs by itself.")
        else:
            yield warning(
                "DKIM",
                "Messages are not signed here.",
                "Run `digest dkim create`, unless your relay signs for your domain.",
            )
        return
    zone_line = record.zone_line
    published = [text for text in lookup.texts(record.name) if "p" in _tags(text)]
    if not published:
        yield error("DKIM", f"{record.name} has no key, so every signature fails.", "Publish this record.", zone_line)
    elif len(published) > 1:
        said = f"{record.name} has {len(published)} keys, and receivers pick any (RFC 6376, 3.6.2.2)."
        yield error("DKIM", said, "Leave only this record.", zone_line)
    else:
        yield _compare_keys(record, _tags(published[0]))


def _compare_keys(record: DnsRecord, tags: Mapping[str, str]) -> Diagnosis:
    ours = _tags(record.value)["p"]
    theirs = re.sub(r"\s", "", tags.get("p", ""))
    if not theirs:
        return error("DKIM", f"The key at {record.name} is revoked.", "Publish this record.", record.zone_line)
    if theirs != ours:
        return error(
            "DKIM",
            f"The key at {record.name} is another one than we sign with, so every signature fails.",
            "Publish this record, or put the matching key back into dkim.key_file.",
            record.zone_line,
        )
    if "y" in tags.get("t", "").split(":"):
        return warning("DKIM", f"{record.name} says that it is only being tested (t=y).", "Take t=y out.")
    return ok("DKIM", f"{record.name} holds the key that we sign with.")


def check_dmarc(domain: str, setting: str, sending: Sending, lookup: Lookup) -> Iterator[Diagnosis]:
    """RFC 9989 (before: 7489): a policy for the domain in From, and SPF or DKIM that stands for the same domain."""
    place, records = _find_policy(domain, lookup)
    proposal = f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"
    if not records:
        yield error(
            "DMARC",
            f"{domain} ({setting}) has no DMARC record, which the large mailbox providers ask for.",
            "Publish one; read the reports, then tighten p.",
            _zone_line(f"_dmarc.{domain}", proposal),
        )
        return
    if len(records) > 1:
        said = f"_dmarc.{place} has {len(records)} DMARC records, so none counts."
        yield error("DMARC", said, "Leave one of them.", _zone_line(f"_dmarc.{place}", records[0]))
        return
    tags = _tags(records[0])
    policy = tags.get("p", "").lower()
    if policy not in _POLICIES:
        yield error(
            "DMARC",
            f"The DMARC record of {place} has no policy that counts (p={tags.get('p', '')[:40]}).",
            f"Write p=none, p=quarantine or p=reject, such as {proposal}.",
        )
        return
    signed = bool(sending.dkim_domain) and _aligned(sending.dkim_domain, domain, tags.get("adkim", "r"))
    sent = _aligned(sending.envelope, domain, tags.get("aspf", "r"))
    if not (signed or sent or sending.signed_elsewhere):
        yield error(
            "DMARC",
            f"Neither the signature ({sending.dkim_domain or 'none'}) nor the envelope sender ({sending.envelope}) "
            f"stands for {domain} ({setting}), so DMARC fails.",
            "Sign for the domain of From (`digest dkim create`), or send bounces to a domain below it.",
        )
    elif not (signed or sending.signed_elsewhere):
        said = f"{domain} passes DMARC by SPF alone, which breaks where mail is forwarded."
        yield warning("DMARC", said, "Sign for it: `digest dkim create`.")
    elif policy == "none" and "rua" not in tags:
        said = f"The DMARC record of {place} asks for nothing: p=none, and no reports."
        yield warning("DMARC", said, f"Add rua=mailto:dmarc@{domain}, and tighten p once they look right.")
    else:
        yield ok("DMARC", f"{domain}: {records[0]}")


def _find_policy(domain: str, lookup: Lookup) -> tuple[str, list[str]]:
    """Where the policy for a domain stands, at it or above, and the records there."""
    labels = domain.split(".")
    for start in range(max(0, len(labels) - _MOST_LABELS), len(labels) - 1):
        place = ".".join(labels[start:])
        found = sorted(text for text in lookup.texts(f"_dmarc.{place}") if text.lower().startswith("v=dmarc1"))
        if found:
            return place, found
    return domain, []


def _aligned(proven: str, sender: str, mode: str) -> bool:
    """Strict: the same domain. Relaxed: the same organization, which the last two labels stand for here."""
    if mode.lower() == "s" or proven == sender:
        return proven == sender
    return proven.split(".")[-2:] == sender.split(".")[-2:]


def check_mx(domain: str, what: str, lookup: Lookup) -> Iterator[Diagnosis]:
    """RFC 5321, 5.1: whether mail to the domain arrives anywhere."""
    exchangers = lookup.exchangers(domain)
    if exchangers == [""]:
        said = f"{domain} says that it takes no mail (a null MX), so {what} are lost, and some refuse our mail."
        yield error("MX", said, "Publish the host that takes mail for it, or use another domain.")
        return
    lost = [host for host in exchangers if not lookup.addresses(host)]
    if lost:
        yield error("MX", f"The MX of {domain} leads to {lost[0]}, which has no address.", "Mend the record.")
    elif exchangers:
        yield ok("MX", f"{domain}: {what} go to {exchangers[0]}.")
    elif lookup.addresses(domain):
        yield warning("MX", f"{domain} has no MX record; {what} go to the host of that name.", "Publish an MX record.")
    else:
        yield error(
            "MX",
            f"{domain} has neither an MX record nor an address, so {what} are lost, and many refuse our mail.",
            "Publish the host that takes mail for it.",
            f"{domain}. IN MX 10 mail.{domain}.",
        )


def check_ptr(host: str, own_name: str, lookup: Lookup) -> Iterator[Diagnosis]:
    """RFC 1912, 2.1: the sending host's address points back to a name that has that address."""
    name = host or own_name
    addresses = [each for each in lookup.addresses(name) if host or ip_address(each).is_global] if name else []
    if not addresses:
        if host:
            yield error("PTR", f"The relay {host} has no address.", "Mend `delivery.relays.host`.")
        else:
            said = "The relay is this machine, whose public address cannot be told from here."
            yield unknown("PTR", said, "See to it that the address it sends from points back to its name.")
        return
    for address in addresses:
        names = lookup.pointers(address)
        if any(address in lookup.addresses(each) for each in names):
            yield ok("PTR", f"{address} ({name}) is {names[0]}, and back.")
            continue
        said = "points to no name" if not names else f"points to {names[0]}, which is not that address"
        yield warning(
            "PTR",
            f"{address} ({name}) {said}; many refuse mail from such hosts.",
            "Whoever gives out the address can set its PTR record. Of a hosted relay it is its operator's concern.",
        )


def _asked(about: str, findings: Iterator[Diagnosis]) -> Iterator[Diagnosis]:
    try:
        yield from findings
    except DnsFaultError as fault:
        yield unknown(about, f"This cannot be checked now: {fault}.", "Try again, or name a server by --resolver.")


def _tags(record: str) -> dict[str, str]:
    """tag=value; tag=value (RFC 6376, 3.2)."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _zone_line(name: str, value: str) -> str:
    pieces = " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))
    return f"{name}. IN TXT {pieces}"
