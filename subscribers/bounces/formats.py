"""Formats of single servers that flufl.bounce knows."""

from __future__ import annotations

import logging
from email.message import Message

from subscribers.bounces.addresses_in import addresses_in


def known_formats(mail: Message) -> list[str]:
    """The recipients that one of its detectors finds, in the order of the alphabet; mostly none."""
    from flufl.bounce import all_failures

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
    try:
        temporary, permanent = all_failures(mail)
    except (ValueError, LookupError, AttributeError, TypeError):  # its detectors trust what they read
        return []
    found = " ".join(address.decode("utf-8", "replace") for address in sorted(temporary | permanent))
    return addresses_in(found)
