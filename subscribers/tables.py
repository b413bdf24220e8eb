"""The tables of people and lists. The project's one MetaData begins here; `digest.storage` adds its own to it.

Ids are never used twice (AUTOINCREMENT on SQLite), so that a newcomer never inherits the history of someone erased.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from subscribers.columns import BigId, Json, Texts, UtcDateTime, state_column_type
from subscribers.model import (
    BounceClass,
    ConsentEventKind,
    EventKind,
    SubscriptionState,
    SuppressionReason,
    SuppressionScope,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

lists = Table(
    "lists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("archived_at", UtcDateTime),
    UniqueConstraint("slug"),
    sqlite_autoincrement=True,
)

#: `email_key` is the keyed hash of the address (see `address_key`), by which a person is found.
subscribers = Table(
    "subscribers",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("handle", String(16), nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", String(64), nullable=False),
    Column("domain", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("salutation", String(8), nullable=False),
    Column("form", String(8), nullable=False),
    Column("topics", Texts, nullable=False),
    Column("coins", Texts, nullable=False),
    Column("max_articles", Integer),
    Column("tags", Texts, nullable=False),
    Column("attributes", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("paused_until", UtcDateTime),
    UniqueConstraint("email_key"),
    UniqueConstraint("handle"),
    Index(None, "domain"),
    sqlite_autoincrement=True,
)

#: The condition of the index over those who are to be asked; a query that means to use it says the very same.
UNASKED = text("state = 'pending' AND asked_at IS NULL")

#: `asked_at` is when a pending subscription's confirmation letter was queued.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber_id", BigId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("list_id", Integer, ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
    Column("state", state_column_type(SubscriptionState), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime),
    Index(None, "list_id", "state", "subscriber_id"),
    sqlite_with_rowid=False,
)

# Who is pending and has not been asked yet: few, however many are pending. Columns that are always the same make it
# the planner's first choice.
Index(
    "ix_subscriptions_unasked",
    subscriptions.c.list_id,
    subscriptions.c.state,
    subscriptions.c.asked_at,
    subscriptions.c.subscriber_id,
    sqlite_where=UNASKED,
)

#: Append-only. No foreign keys: the evidence outlives the person's row and the list.
consent_events = Table(
    "consent_events",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("subscriber_id", BigId, nullable=False),
    Column("list_id", Integer),
    Column("event", state_column_type(ConsentEventKind), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("ip", String(45), nullable=False),
    Column("proof", Json, nullable=False),
    Index(None, "subscriber_id", "list_id"),
    Index("ix_consent_events_list_id_event_recorded_at", "list_id", "event", "recorded_at"),
    sqlite_autoincrement=True,
)

#: `value_key` is the keyed hash of an address, or a domain in plain. `subscriber_id` leads from the hash of someone
#: erased to the consent evidence.
suppressions = Table(
    "suppressions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("scope", state_column_type(SuppressionScope), nullable=False),
    Column("value_key", Text, nullable=False),
    Column("address", Text),
    Column("subscriber_id", BigId),
    Column("reason", state_column_type(SuppressionReason), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    UniqueConstraint("scope", "value_key"),
    sqlite_autoincrement=True,
)

#: What happened to people, for figures, the API and webhooks. No foreign keys: a figure outlives the person's row.
events = Table(
    "events",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", state_column_type(EventKind), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("subscriber_id", BigId),
    Column("list_id", Integer),
    Column("edition_id", Integer),
    Column("detail", Json, nullable=False),
    Index(None, "subscriber_id"),
    Index("ix_events_edition_id_kind", "edition_id", "kind"),
    sqlite_autoincrement=True,
)

#: Who changed what, and when; only ever added to. `subject` names no person: that is what `subscriber_id` is for.
audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("subscriber_id", BigId),
    Column("detail", Json, nullable=False),
    Index(None, "subscriber_id"),
    Index(None, "subject"),
    sqlite_autoincrement=True,
)

#: Every import: how far it came (`line`, of its file), and in the end the counts of its report. `at` is the time that
#: whatever it wrote bears, which tells what was changed since.
imports = Table(
    "imports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list_id", Integer, nullable=False),
    Column("list_slug", String(64), nullable=False),
    Column("file", Text, nullable=False),
    Column("map", String(32), nullable=False),
    Column("who", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("line", Integer, nullable=False),
    Column("counts", Json, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("undone_at", UtcDateTime),
    sqlite_autoincrement=True,
)

#: Whom an import changed, and how they were: `state_before` is None where it left their subscription alone, and empty
#: where there was none; `profile_before` is None where it left their values alone.
import_changes = Table(
    "import_changes",
    metadata,
    Column("import_id", Integer, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("subscriber_id", BigId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("created", Boolean, nullable=False),
    Column("state_before", String(32)),
    Column("profile_before", Json),
    Index(None, "subscriber_id"),
    sqlite_with_rowid=False,
)

#: The suppressions that an import added.
import_suppressions = Table(
    "import_suppressions",
    metadata,
    Column("import_id", Integer, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("suppression_id", BigId, ForeignKey("suppressions.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "suppression_id"),
    sqlite_with_rowid=False,
)

#: How often something was asked for in a window that began at `since`; the key is a keyed hash of whom it counts.
request_counts = Table(
    "request_counts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("count", Integer, nullable=False),
    Index(None, "since"),
    sqlite_with_rowid=False,
)

#: A new address that waits for its owner's confirmation; `edition_id` is the letter to it. One at a time per person.
address_changes = Table(
    "address_changes",
    metadata,
    Column("subscriber_id", BigId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("email", Text, nullable=False),
    Column("edition_id", Integer, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: Addresses that people had before; they vanish with the person.
former_addresses = Table(
    "former_addresses",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("subscriber_id", BigId, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", String(64), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Index(None, "subscriber_id"),
    Index(None, "email_key"),
    sqlite_autoincrement=True,
)

#: Conditions on people, as somebody wrote them; `subscribers.segments` reads them.
segments = Table(
    "segments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("expression", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("slug"),
    sqlite_autoincrement=True,
)

#: What came back and was acted upon. `digest` is the same for a second copy of a report; `subscriber_id` is empty
#: for a reply that was forwarded. `waiting` says that a server was still trying.
bounces = Table(
    "bounces",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("edition_id", Integer),
    Column("subscriber_id", BigId, ForeignKey("subscribers.id", ondelete="CASCADE")),
    Column("bounce_class", state_column_type(BounceClass), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("waiting", Boolean, nullable=False),
    Column("effect", String(32), nullable=False),
    UniqueConstraint("digest"),
    Index(None, "subscriber_id"),
    Index(None, "edition_id"),
    sqlite_autoincrement=True,
)
