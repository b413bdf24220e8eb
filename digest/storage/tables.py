"""The tables of articles, snapshots, editions and deliveries, beside those of people and lists.

What is frozen (an edition's content and shell, a recipient's values) is stored as bytes: nothing queries into it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from digest.model.delivery import DeliveryState
from digest.model.desk import RevisionKind
from digest.model.edition import EditionKind, EditionState
from digest.model.editor import Role
from digest.model.webhook import AttemptState
from subscribers.columns import BigId, Json, Texts, UtcDateTime, state_column_type
from subscribers.tables import metadata as metadata

articles = Table(
    "articles",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("published", UtcDateTime),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("article", LargeBinary, nullable=False),
    UniqueConstraint("key", "source"),
    Index(None, "published"),
    Index(None, "first_seen"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
    Index(None, "taken_at"),
)

editions = Table(
    "editions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("newsletter", String(64), nullable=False),
    Column("kind", state_column_type(EditionKind), nullable=False),
    Column("day", Date, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", state_column_type(EditionState), nullable=False),
    Column("reason", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("approved_hash", String(64), nullable=False),
    Column("content", LargeBinary),
    Column("extras", LargeBinary),
    Column("shell", LargeBinary),
    Column("snapshot", LargeBinary),
    Column("prepared_at", UtcDateTime),
    Column("planned_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Index(None, "newsletter", "day"),
    Index(None, "state"),
    sqlite_autoincrement=True,
)

# The edition is unique per newsletter and day, whatever the clock or two schedulers do. PostgreSQL's part of partial
# indexes stands in the migrations alone: named here, it would load that dialect into every sender.
Index(
    "uq_editions_regular",
    editions.c.newsletter,
    editions.c.day,
    unique=True,
    sqlite_where=text("kind = 'regular'"),
)

edition_articles = Table(
    "edition_articles",
    metadata,
    Column("edition_id", Integer, ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("article_key", Text, nullable=False),
    Column("origin_hash", String(64), nullable=False, server_default=""),
    Index(None, "article_key"),
    sqlite_with_rowid=False,
)

#: Every edit of an edition, with the extras as they were after it; revision 0 holds those before the first one.
edition_revisions = Table(
    "edition_revisions",
    metadata,
    Column("edition_id", Integer, ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("kind", state_column_type(RevisionKind), nullable=False),
    Column("summary", Text, nullable=False),
    Column("changes", Json, nullable=False),
    Column("touches", Texts, nullable=False),
    Column("article_keys", Texts, nullable=False),
    Column("extras", LargeBinary, nullable=False),
    Column("content_hash", String(64), nullable=False),
    sqlite_with_rowid=False,
)

#: Which edition an edition of kind correction corrects, and which of its articles (None: what everybody got).
corrections = Table(
    "corrections",
    metadata,
    Column("edition_id", Integer, ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True),
    Column("corrects_id", Integer, ForeignKey("editions.id"), nullable=False),
    Column("article", Integer),
    Index(None, "corrects_id"),
)

#: The ledger. `choice` is one octet per chosen article, in the recipient's order: also the memory of who read what.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("edition_id", Integer, ForeignKey("editions.id"), nullable=False),
    Column("subscriber_id", BigId, nullable=False),
    Column("state", state_column_type(DeliveryState), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("choice", LargeBinary, nullable=False),
    Column("recipient", LargeBinary),
    Column("dated", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("next_try", UtcDateTime),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("edition_id", "subscriber_id"),
    Index(None, "edition_id", "state", "id"),
    Index(None, "subscriber_id"),
    sqlite_autoincrement=True,
)

#: How many deliveries of an edition stand where; kept in the commits that move them. What is claimed or in flight is
#: counted as queued, with no reason: those are moments, and at most a batch.
delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("edition_id", Integer, ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True),
    Column("state", state_column_type(DeliveryState), primary_key=True),
    Column("reason", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

#: What each sender of an edition last said of its run.
sending_progress = Table(
    "sending_progress",
    metadata,
    Column("edition_id", Integer, ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True),
    Column("holder", String(255), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("sent_before", Integer, nullable=False),
    Column("submitted", Integer, nullable=False),
    Column("rate", Float, nullable=False),
    Column("waiting_until", UtcDateTime),
    Column("waiting_why", Text, nullable=False),
    Column("done_at", UtcDateTime),
    sqlite_with_rowid=False,
)

#: How much of the limits of a relay or of a family of domains was used lately: read and written as a whole.
sending_usage = Table(
    "sending_usage",
    metadata,
    Column("key", Text, primary_key=True),
    Column("used", LargeBinary, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

#: A key is long and random, so its plain SHA-256 is enough; `prefix` is the part of it by which it is found.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("scopes", Texts, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("name"),
    UniqueConstraint("prefix"),
    sqlite_autoincrement=True,
)

#: `secret` is kept as it is, since every message to the webhook is signed with it.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("events", Texts, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("cursor", BigId, nullable=False),
    Column("rests_until", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)

#: Events on their way to webhooks; at most a window of what is still to come, the rest is the webhook's cursor.
webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("webhook_id", Integer, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", BigId, nullable=False),
    Column("state", state_column_type(AttemptState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("next_try", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("reason", Text, nullable=False),
    UniqueConstraint("webhook_id", "event_id"),
    Index(None, "webhook_id", "state", "id"),
    Index(None, "settled_at"),
    sqlite_autoincrement=True,
)

#: Solved proofs of work: each serves once.
used_challenges = Table(
    "used_challenges",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
    Index(None, "until"),
    sqlite_with_rowid=False,
)

#: People of the newsroom. `email` is in small letters; without a `password_hash` only a link lets its owner in.
editors = Table(
    "editors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", state_column_type(Role), nullable=False),
    Column("password_hash", Text),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("email"),
    sqlite_autoincrement=True,
)

#: Links that sign an editor in, each once. What they hold is long and random, so its plain SHA-256 is enough.
editor_links = Table(
    "editor_links",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("editor_id", Integer, ForeignKey("editors.id", ondelete="CASCADE"), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Index(None, "editor_id"),
    sqlite_with_rowid=False,
)

#: Who is signed in, by the hash of what their browser holds; `note` is what the next page tells them.
editor_sessions = Table(
    "editor_sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("editor_id", Integer, ForeignKey("editors.id", ondelete="CASCADE"), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "editor_id"),
    sqlite_with_rowid=False,
)

#: How a source did when it was last read; `news_at` is when it last gave an article that was new.
source_health = Table(
    "source_health",
    metadata,
    Column("source", Text, primary_key=True),
    Column("tried_at", UtcDateTime, nullable=False),
    Column("succeeded_at", UtcDateTime),
    Column("news_at", UtcDateTime),
    Column("found", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: Which scheduler works: the others look whether `beat` goes on. `renewed_at` is for people; nobody decides by it.
scheduler_lease = Table(
    "scheduler_lease",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(255), nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("renewed_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: What somebody was told of: once per subject (an edition, a day, a source) and cause. `raised_by` and `resolved_by`
#: are the ways by which that was told.
alerts_sent = Table(
    "alerts_sent",
    metadata,
    Column("subject", String(255), primary_key=True),
    Column("cause", String(32), primary_key=True),
    Column("detail", Text, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("raised_by", Texts, nullable=False),
    Column("resolved_by", Texts, nullable=False),
    Index(None, "raised_at"),
    sqlite_with_rowid=False,
)
