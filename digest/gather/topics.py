"""A source's own categories -> our topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from digest.gather.lines import one_line

MAX_TOPICS = 20
MAX_CHARS = 60


def topic_name(category: str) -> str:
    """A category as a topic: in small letters, on one line. "Künstliche  Intelligenz" -> "künstliche intelligenz"."""
    return one_line(category).casefold()


def map_topics(categories: Iterable[str], table: Mapping[str, str], own: Iterable[str] = ()) -> tuple[str, ...]:
    """The source's `own` topics, then its `categories` by way of `table` (whatever the case), each once.

    A category that the table does not have stays as it is; what is longer than a topic ever is falls out.
    """
    ours = {topic_name(theirs): topic_name(topic) for theirs, topic in table.items()}
    named = [topic_name(category) for category in (*own, *categories)]
    mapped = (ours.get(name, name) for name in named)
    return tuple(dict.fromkeys(name for name in mapped if 0 < len(name) <= MAX_CHARS))[:MAX_TOPICS]
