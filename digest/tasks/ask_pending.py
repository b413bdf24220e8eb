"""Whoever was added or imported without consent is asked for it: the confirmation letters that nobody queued yet."""

from __future__ import annotations

from datetime import datetime

from digest.model.newsletter import Newsletter
from digest.tasks.desk import Desk
from digest.tasks.send_letter import queue_confirmation
from digest.tasks.sign_up import PER_ADDRESS
from subscribers.request_counts import count_request
from subscribers.subscriptions import unasked_subscribers

#: People who are asked in one transaction.
_AT_ONCE = 200


def ask_pending(desk: Desk) -> int:
    """Queue a confirmation letter to everybody who is pending and has not been asked; how many.

    Who has had such a letter today waits until the next may go. A list that no newsletter goes to is left alone: there
    is nothing to confirm. Raises TemplateError.
    """
    now = desk.clock()
    lists = dict.fromkeys(slug for newsletter in desk.newsletters for slug in newsletter.lists)
    newsletters = [(slug, newsletter) for slug in lists if (newsletter := desk.newsletter_of_list(slug))]
    return sum(_ask_list(desk, newsletter, slug, now) for slug, newsletter in newsletters)


def _ask_list(desk: Desk, newsletter: Newsletter, list_slug: str, now: datetime) -> int:
    asked = after = 0
    while True:
        with desk.database.read() as connection:
            people = unasked_subscribers(connection, list_slug, after=after, limit=_AT_ONCE)
        if not people:
            return asked
        after = people[-1].id
        desk.letters.write("confirm", newsletter, now)
        with desk.database.write() as connection:
            # Once more, inside the transaction: somebody may have asked, or erased, them meanwhile.
            for person in unasked_subscribers(connection, list_slug, after=people[0].id - 1, limit=len(people)):
                if count_request(connection, PER_ADDRESS, person.email, secret=desk.secret, now=now):
                    queue_confirmation(connection, desk.letters, newsletter, person, list_slug, now)
                    asked += 1
