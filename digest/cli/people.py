"""How people are shown: in a table, and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from digest.cli.output import print_table, say
from subscribers.model import ConsentEvent, FormerAddress, Subscriber, Subscription, Suppression


def people_table(people: Sequence[Subscriber]) -> None:
    """One line per person."""
    rows = [
        (each.id, each.email, full_name(each), each.form, ", ".join(each.topics), ", ".join(each.tags))
        for each in people
    ]
    print_table(("No.", "Address", "Name", "Form", "Topics", "Tags"), rows, empty="Nobody.")


def show_person(
    person: Subscriber, former: Sequence[FormerAddress], suppression: Suppression | None, zone: tzinfo
) -> None:
    """A line per value; what is empty is left out."""
    since = suppression.since.astimezone(zone).date() if suppression else None
    lines = {
        "Address": person.email,
        "Suppressed": f"since {since} ({suppression.reason}); gets nothing" if suppression else "",
        "Formerly": ", ".join(f"{each.email} (until {each.until.astimezone(zone):%Y-%m-%d})" for each in former),
        "Number": str(person.id),
        "Name": full_name(person),
        "Salutation": person.salutation,
        "Form": person.form,
        "Topics": ", ".join(person.topics),
        "Coins": ", ".join(person.coins),
        "Most articles": str(person.max_articles or ""),
        "Tags": ", ".join(person.tags),
        "Joined": f"{person.created_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "Pauses until": f"{person.paused_until.astimezone(zone):%Y-%m-%d %H:%M}" if person.paused_until else "",
    }
    lines |= {name: text for name, text in person.attributes.items() if name not in lines}
    width = max(map(len, lines)) + 1
    for name, text in lines.items():
        if text:
            say(f"{name + ':':{width}} {text}")


def show_standings(standings: Sequence[Subscription], history: Sequence[ConsentEvent], zone: tzinfo) -> None:
    """How somebody stands with each list, and the history of their consent."""
    rows = [(each.list_slug, each.state, f"{each.since.astimezone(zone):%Y-%m-%d}") for each in standings]
    print_table(("List", "State", "Since"), rows, empty="No subscriptions.")
    events = [(f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}", each.event, each.source) for each in history]
    print_table(("When", "Consent", "Source"), events, empty="No consent on record.")


def full_name(person: Subscriber) -> str:
    """Title, first and last name, as far as they are known."""
    return " ".join(part for part in (person.title, person.first_name, person.last_name) if part)
