"""How mail leaves by the settings, as those see it who look us up in the DNS."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from digest.deliver.dkim_keys import dns_name, dns_record, load_signer
from digest.deliver.settings import LOOPBACK, DeliverySettings, DkimSettings
from digest.tasks.dns_check import Sending


def envelope_senders(delivery: DeliverySettings, header_senders: Mapping[str, str]) -> list[str]:
    """Every envelope sender; of those that differ per delivery, one that nobody has."""
    if delivery.envelope == "verp" and delivery.bounce_domain:
        return [f"b-probe@{delivery.bounce_domain}"]
    return list(dict.fromkeys(header_senders.values()))


def describe_sending(
    delivery: DeliverySettings, dkim: DkimSettings, header_senders: Mapping[str, str], where: str
) -> Sending:
    """`header_senders` maps settings to addresses of From, `where` names the settings file. Raises SettingsError."""
    signer = load_signer(dkim, where)
    hosts = [relay.host for relay in delivery.relays] if delivery.backend == "smtp" else []
    return Sending(
        senders={setting: dns_name(address.rpartition("@")[2]) for setting, address in header_senders.items()},
        envelope=dns_name(envelope_senders(delivery, header_senders)[0].rpartition("@")[2]),
        dkim=dns_record(signer) if signer else None,
        relays=tuple("" if host in LOOPBACK else host for host in hosts),
        own_name=socket.getfqdn(),
        signed_elsewhere=delivery.backend == "ses",
    )
