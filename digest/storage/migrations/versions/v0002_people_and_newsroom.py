"""Delivery counters, events, the audit trail, and what the newsroom and the public pages keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from subscribers.columns import BigId, Json, Texts, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Delivery
    op.create_table(
        "delivery_counts",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name="fk_delivery_counts_edition_id_editions", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "state", "reason", name="pk_delivery_counts"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO delivery_counts (edition_id, state, reason, count) "
        "SELECT edition_id, CASE WHEN state IN ('claimed', 'in_flight') THEN 'queued' ELSE state END, "
        "CASE WHEN state IN ('queued', 'claimed', 'in_flight') THEN '' ELSE reason END, count(*) "
        "FROM deliveries GROUP BY 1, 2, 3"
    )
    op.create_table(
        "sending_progress",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("sent_before", sa.Integer(), nullable=False),
        sa.Column("submitted", sa.Integer(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("waiting_until", UtcDateTime, nullable=True),
        sa.Column("waiting_why", sa.Text(), nullable=False),
        sa.Column("done_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name="fk_sending_progress_edition_id_editions", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "holder", name="pk_sending_progress"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sending_usage",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("used", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_sending_usage"),
    )

    # Events and the audit trail
    op.create_table(
        "events",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("subscriber_id", BigId, nullable=True),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("detail", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_subscriber_id", "events", ["subscriber_id"])
    op.create_index("ix_events_edition_id_kind", "events", ["edition_id", "kind"])
    op.create_table(
        "audit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subscriber_id", BigId, nullable=True),
        sa.Column("detail", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_subscriber_id", "audit", ["subscriber_id"])

    # Keys and webhooks
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("scopes", Texts, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_used_at", UtcDateTime, nullable=True),
        sa.Column("revoked_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("name", name="uq_api_keys_name"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("events", Texts, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("cursor", BigId, nullable=False),
        sa.Column("rests_until", UtcDateTime, nullable=True),
        sa.Column("disabled_at", UtcDateTime, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", UtcDateTime, nullable=False),
        sa.Column("next_try", UtcDateTime, nullable=False),
        sa.Column("settled_at", UtcDateTime, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name="fk_webhook_attempts_webhook_id_webhooks", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_attempts"),
        sa.UniqueConstraint("webhook_id", "event_id", name="uq_webhook_attempts_webhook_id_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_attempts_webhook_id_state_id", "webhook_attempts", ["webhook_id", "state", "id"])
    op.create_index("ix_webhook_attempts_settled_at", "webhook_attempts", ["settled_at"])

    # Consent and letters
    op.add_column("subscribers", sa.Column("paused_until", UtcDateTime, nullable=True))
    op.add_column("subscriptions", sa.Column("asked_at", UtcDateTime, nullable=True))
    op.create_index(
        "ix_subscriptions_unasked",
        "subscriptions",
        ["list_id", "state", "asked_at", "subscriber_id"],
        sqlite_where=sa.text("state = 'pending' AND asked_at IS NULL"),
        postgresql_where=sa.text("state = 'pending' AND asked_at IS NULL"),
    )
    op.create_table(
        "request_counts",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_request_counts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_request_counts_since", "request_counts", ["since"])
    op.create_table(
        "address_changes",
        sa.Column("subscriber_id", BigId, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_address_changes_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name="pk_address_changes"),
        sqlite_with_rowid=False,
    )

    # Public pages
    op.create_table(
        "used_challenges",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_used_challenges"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_used_challenges_until", "used_challenges", ["until"])

    # Imports
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("list_slug", sa.String(64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("map", sa.String(32), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("finished_at", UtcDateTime, nullable=True),
        sa.Column("undone_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "import_changes",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", BigId, nullable=False),
        sa.Column("created", sa.Boolean(), nullable=False),
        sa.Column("state_before", sa.String(32), nullable=True),
        sa.Column("profile_before", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_changes_import_id_imports", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_import_changes_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "subscriber_id", name="pk_import_changes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_import_changes_subscriber_id", "import_changes", ["subscriber_id"])
    op.create_table(
        "import_suppressions",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("suppression_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_suppressions_import_id_imports", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["suppression_id"],
            ["suppressions.id"],
            name="fk_import_suppressions_suppression_id_suppressions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "suppression_id", name="pk_import_suppressions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_import_suppressions_suppression_id", "import_suppressions", ["suppression_id"])

    # Former addresses, segments, and the growth of a list
    op.create_table(
        "former_addresses",
        sa.Column("id", BigId, nullable=False),
        sa.Column("subscriber_id", BigId, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.String(64), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_former_addresses_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_former_addresses"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_former_addresses_subscriber_id", "former_addresses", ["subscriber_id"])
    op.create_index("ix_former_addresses_email_key", "former_addresses", ["email_key"])
    op.create_table(
        "segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expression", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segments"),
        sa.UniqueConstraint("slug", name="uq_segments_slug"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_consent_events_list_id_event_recorded_at", "consent_events", ["list_id", "event", "recorded_at"]
    )

    # What came back
    op.create_table(
        "bounces",
        sa.Column("id", BigId, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("subscriber_id", BigId, nullable=True),
        sa.Column("bounce_class", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("effect", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name="fk_bounces_subscriber_id_subscribers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bounces"),
        sa.UniqueConstraint("digest", name="uq_bounces_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bounces_subscriber_id", "bounces", ["subscriber_id"])
    op.create_index("ix_bounces_edition_id", "bounces", ["edition_id"])

    # The newsroom
    op.create_index("ix_editions_newsletter_day", "editions", ["newsletter", "day"])
    op.create_index("ix_editions_state", "editions", ["state"])
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_table(
        "editors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_editors"),
        sa.UniqueConstraint("email", name="uq_editors_email"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "editor_links",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["editors.id"], name="fk_editor_links_editor_id_editors", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_editor_links"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_editor_links_editor_id", "editor_links", ["editor_id"])
    op.create_table(
        "editor_sessions",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.Column("began_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["editors.id"], name="fk_editor_sessions_editor_id_editors", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_editor_sessions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_editor_sessions_editor_id", "editor_sessions", ["editor_id"])
    op.create_table(
        "source_health",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("tried_at", UtcDateTime, nullable=False),
        sa.Column("succeeded_at", UtcDateTime, nullable=True),
        sa.Column("news_at", UtcDateTime, nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_source_health"),
        sqlite_with_rowid=False,
    )

    # The newsroom's desk
    op.add_column("edition_articles", sa.Column("origin_hash", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "edition_revisions",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("changes", Json, nullable=False),
        sa.Column("touches", Texts, nullable=False),
        sa.Column("article_keys", Texts, nullable=False),
        sa.Column("extras", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name="fk_edition_revisions_edition_id_editions", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "revision", name="pk_edition_revisions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "corrections",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=False),
        sa.Column("article", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name="fk_corrections_edition_id_editions", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["corrects_id"], ["editions.id"], name="fk_corrections_corrects_id_editions"),
        sa.PrimaryKeyConstraint("edition_id", name="pk_corrections"),
    )
    op.create_index("ix_corrections_corrects_id", "corrections", ["corrects_id"])

    # The clock
    op.create_table(
        "scheduler_lease",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("renewed_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_scheduler_lease"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts_sent",
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_at", UtcDateTime, nullable=False),
        sa.Column("resolved_at", UtcDateTime, nullable=True),
        sa.Column("raised_by", Texts, nullable=False),
        sa.Column("resolved_by", Texts, nullable=False),
        sa.PrimaryKeyConstraint("subject", "cause", name="pk_alerts_sent"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alerts_sent_raised_at", "alerts_sent", ["raised_at"])
