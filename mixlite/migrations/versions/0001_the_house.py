"""The first shape of the house: members and how they stand to each other, entries, outbox, mail, the staff's log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "circle",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("founded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("welcome", sa.String(length=20000), nullable=False),
        sa.Column("rules", sa.String(length=20000), nullable=False),
        sa.Column("notice", sa.String(length=4000), nullable=False),
        sa.Column("notice_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invite_quota", sa.Integer(), nullable=False),
        sa.Column("invite_wait_hours", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_circle_only_one")),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_circle_name_length")),
        sa.CheckConstraint("length(notice) <= 4000", name=op.f("ck_circle_notice_length")),
        sa.CheckConstraint("length(rules) <= 20000", name=op.f("ck_circle_rules_length")),
        sa.CheckConstraint("length(welcome) <= 20000", name=op.f("ck_circle_welcome_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circle")),
    )
    op.execute(
        "INSERT INTO circle (id, name, welcome, rules, notice, invite_quota, invite_wait_hours)"
        " VALUES (1, '', '', '', '', 5, 24)"
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed', 'held')", name=op.f("ck_events_state")),
        sa.CheckConstraint("length(error) <= 500", name=op.f("ck_events_error_length")),
        sa.CheckConstraint("length(name) <= 60", name=op.f("ck_events_name_length")),
        sa.CheckConstraint("length(state) <= 10", name=op.f("ck_events_state_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_events_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("template", sa.String(length=80), nullable=False),
        sa.Column("about_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("context", sa.String(length=10000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'held')", name=op.f("ck_letters_state")),
        sa.CheckConstraint('length("key") <= 120', name=op.f("ck_letters_key_length")),
        sa.CheckConstraint("length(address) <= 254", name=op.f("ck_letters_address_length")),
        sa.CheckConstraint("length(context) <= 10000", name=op.f("ck_letters_context_length")),
        sa.CheckConstraint("length(error) <= 500", name=op.f("ck_letters_error_length")),
        sa.CheckConstraint("length(language) <= 5", name=op.f("ck_letters_language_length")),
        sa.CheckConstraint("length(state) <= 10", name=op.f("ck_letters_state_length")),
        sa.CheckConstraint("length(template) <= 80", name=op.f("ck_letters_template_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("key", name=op.f("uq_letters_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.create_index("ix_letters_about", ["template", "about_id"], unique=False)
        batch_op.create_index(
            "ix_letters_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "members",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handle", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=100), nullable=False),
        sa.Column("introduction", sa.String(length=4000), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("theme", sa.String(length=5), nullable=False),
        sa.Column("timezone", sa.String(length=50), nullable=False),
        sa.Column("is_host", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("sponsor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("invitation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("host_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspension_reason", sa.String(length=2000), nullable=True),
        sa.Column("leaving_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invite_quota", sa.Integer(), nullable=True),
        sa.Column("invite_denial", sa.String(length=2000), nullable=True),
        sa.Column("totp_secret", sa.String(length=300), nullable=True),
        sa.Column("totp_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("language IN ('en', 'ja')", name=op.f("ck_members_language")),
        sa.CheckConstraint("status IN ('active', 'suspended', 'leaving', 'gone')", name=op.f("ck_members_status")),
        sa.CheckConstraint("length(email) <= 254", name=op.f("ck_members_email_length")),
        sa.CheckConstraint("length(handle) <= 30", name=op.f("ck_members_handle_length")),
        sa.CheckConstraint("length(introduction) <= 4000", name=op.f("ck_members_introduction_length")),
        sa.CheckConstraint("length(invite_denial) <= 2000", name=op.f("ck_members_invite_denial_length")),
        sa.CheckConstraint("length(language) <= 5", name=op.f("ck_members_language_length")),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_members_name_length")),
        sa.CheckConstraint("length(password_hash) <= 100", name=op.f("ck_members_password_hash_length")),
        sa.CheckConstraint("length(status) <= 10", name=op.f("ck_members_status_length")),
        sa.CheckConstraint("length(suspension_reason) <= 2000", name=op.f("ck_members_suspension_reason_length")),
        sa.CheckConstraint("length(theme) <= 5", name=op.f("ck_members_theme_length")),
        sa.CheckConstraint("length(timezone) <= 50", name=op.f("ck_members_timezone_length")),
        sa.CheckConstraint("length(totp_secret) <= 300", name=op.f("ck_members_totp_secret_length")),
        sa.ForeignKeyConstraint(["sponsor_id"], ["members.id"], name=op.f("fk_members_sponsor_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("handle", name=op.f("uq_members_handle")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index("ix_members_email", ["email"], unique=False)
        batch_op.create_index("ix_members_invitation_id", ["invitation_id"], unique=False)
        batch_op.create_index("ix_members_joined_at", ["joined_at"], unique=False)
        batch_op.create_index(
            "ix_members_not_here",
            ["id"],
            unique=False,
            sqlite_where=sa.text("status <> 'active'"),
            postgresql_where=sa.text("status <> 'active'"),
        )
        batch_op.create_index("ix_members_sponsor_id", ["sponsor_id"], unique=False)
        batch_op.create_index(
            "uq_members_confirmed_email",
            ["email"],
            unique=True,
            sqlite_where=sa.text("email_confirmed_at IS NOT NULL"),
            postgresql_where=sa.text("email_confirmed_at IS NOT NULL"),
        )

    op.create_table(
        "retired_handles",
        sa.Column("handle_hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(handle_hash) <= 64", name=op.f("ck_retired_handles_handle_hash_length")),
        sa.PrimaryKeyConstraint("handle_hash", name=op.f("pk_retired_handles")),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nonce", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(address) <= 300", name=op.f("ck_submissions_address_length")),
        sa.CheckConstraint("length(fingerprint) <= 64", name=op.f("ck_submissions_fingerprint_length")),
        sa.CheckConstraint("length(nonce) <= 40", name=op.f("ck_submissions_nonce_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("actor_id", "nonce", name=op.f("uq_submissions_actor_id_nonce")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.create_index("ix_submissions_sent_at", ["sent_at"], unique=False)

    op.create_table(
        "blocks",
        sa.Column("blocker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("blocked_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("blocker_id <> blocked_id", name=op.f("ck_blocks_two_people")),
        sa.ForeignKeyConstraint(
            ["blocked_id"], ["members.id"], name=op.f("fk_blocks_blocked_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["blocker_id"], ["members.id"], name=op.f("fk_blocks_blocker_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id", name=op.f("pk_blocks")),
    )
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.create_index("ix_blocks_blocked_id", ["blocked_id", "blocker_id"], unique=False)

    op.create_table(
        "entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "audience IN ('only_me', 'chosen', 'friends', 'friends_of_friends', 'members', 'community', 'public')",
            name=op.f("ck_entries_audience"),
        ),
        sa.CheckConstraint("length(audience) <= 20", name=op.f("ck_entries_audience_length")),
        sa.CheckConstraint("length(kind) <= 20", name=op.f("ck_entries_kind_length")),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_entries_author_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_entries_feed",
            ["author_id", "shown_at", "id"],
            unique=False,
            sqlite_where=sa.text("audience IN ('friends', 'friends_of_friends', 'members') AND deleted_at IS NULL"),
            postgresql_where=sa.text("audience IN ('friends', 'friends_of_friends', 'members') AND deleted_at IS NULL"),
        )
        batch_op.create_index("ix_entries_own", ["author_id", "shown_at", "id"], unique=False)

    op.create_table(
        "friend_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("low_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("high_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(message) <= 2000", name=op.f("ck_friend_requests_message_length")),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_friend_requests_pair_in_order")),
        sa.ForeignKeyConstraint(
            ["asked_id"], ["members.id"], name=op.f("fk_friend_requests_asked_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["asker_id"], ["members.id"], name=op.f("fk_friend_requests_asker_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_friend_requests")),
        sa.UniqueConstraint("low_id", "high_id", name=op.f("uq_friend_requests_low_id_high_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("friend_requests", schema=None) as batch_op:
        batch_op.create_index("ix_friend_requests_asked_id", ["asked_id"], unique=False)
        batch_op.create_index("ix_friend_requests_asker_id", ["asker_id"], unique=False)

    op.create_table(
        "friendships",
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("friend_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("member_id <> friend_id", name=op.f("ck_friendships_two_people")),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["members.id"], name=op.f("fk_friendships_friend_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_friendships_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "friend_id", name=op.f("pk_friendships")),
    )
    with op.batch_alter_table("friendships", schema=None) as batch_op:
        batch_op.create_index("ix_friendships_friend_id", ["friend_id"], unique=False)
        batch_op.create_index("ix_friendships_since", ["member_id", "since", "friend_id"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("inviter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("salt", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("letter", sa.String(length=8000), nullable=False),
        sa.Column("uses_total", sa.Integer(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_to", sa.String(length=254), nullable=True),
        sa.CheckConstraint("length(letter) <= 8000", name=op.f("ck_invitations_letter_length")),
        sa.CheckConstraint("length(mailed_to) <= 254", name=op.f("ck_invitations_mailed_to_length")),
        sa.CheckConstraint("length(salt) <= 40", name=op.f("ck_invitations_salt_length")),
        sa.CheckConstraint("length(token_hash) <= 64", name=op.f("ck_invitations_token_hash_length")),
        sa.CheckConstraint("uses_left >= 0 AND uses_left <= uses_total", name=op.f("ck_invitations_uses_left")),
        sa.ForeignKeyConstraint(["inviter_id"], ["members.id"], name=op.f("fk_invitations_inviter_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index("ix_invitations_inviter_id", ["inviter_id", "id"], unique=False)

    op.create_table(
        "mailed_codes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("salt", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('confirm', 'change', 'reset')", name=op.f("ck_mailed_codes_purpose")),
        sa.CheckConstraint("length(address) <= 254", name=op.f("ck_mailed_codes_address_length")),
        sa.CheckConstraint("length(purpose) <= 10", name=op.f("ck_mailed_codes_purpose_length")),
        sa.CheckConstraint("length(salt) <= 40", name=op.f("ck_mailed_codes_salt_length")),
        sa.CheckConstraint("length(token_hash) <= 64", name=op.f("ck_mailed_codes_token_hash_length")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_mailed_codes_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailed_codes")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mailed_codes_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("mailed_codes", schema=None) as batch_op:
        batch_op.create_index("ix_mailed_codes_expires_at", ["expires_at"], unique=False)
        batch_op.create_index("ix_mailed_codes_member_id", ["member_id", "purpose"], unique=False)

    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(code_hash) <= 64", name=op.f("ck_recovery_codes_code_hash_length")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_recovery_codes_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.create_index("ix_recovery_codes_member_id", ["member_id"], unique=False)

    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reportable", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("about_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reporter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("snapshot", sa.String(length=200000), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decision_words", sa.String(length=2000), nullable=False),
        sa.Column("told_about_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_reporter_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('unkind', 'unwanted', 'private', 'unlawful', 'other')", name=op.f("ck_reports_reason")
        ),
        sa.CheckConstraint("state IN ('open', 'dismissed', 'removed', 'suspended')", name=op.f("ck_reports_state")),
        sa.CheckConstraint("length(decision_words) <= 2000", name=op.f("ck_reports_decision_words_length")),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_reports_note_length")),
        sa.CheckConstraint("length(reason) <= 20", name=op.f("ck_reports_reason_length")),
        sa.CheckConstraint("length(reportable) <= 20", name=op.f("ck_reports_reportable_length")),
        sa.CheckConstraint("length(snapshot) <= 200000", name=op.f("ck_reports_snapshot_length")),
        sa.CheckConstraint("length(state) <= 10", name=op.f("ck_reports_state_length")),
        sa.ForeignKeyConstraint(["about_id"], ["members.id"], name=op.f("fk_reports_about_id_members")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["members.id"], name=op.f("fk_reports_decided_by_id_members")),
        sa.ForeignKeyConstraint(["reporter_id"], ["members.id"], name=op.f("fk_reports_reporter_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.create_index("ix_reports_about_id", ["about_id"], unique=False)
        batch_op.create_index("ix_reports_reporter_id", ["reporter_id"], unique=False)
        batch_op.create_index("ix_reports_state", ["state", "id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assured_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(device) <= 200", name=op.f("ck_sessions_device_length")),
        sa.CheckConstraint("length(token_hash) <= 64", name=op.f("ck_sessions_token_hash_length")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_sessions_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("ix_sessions_expires_at", ["expires_at"], unique=False)
        batch_op.create_index("ix_sessions_member_id", ["member_id"], unique=False)

    op.create_table(
        "staff_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=True),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(act) <= 40", name=op.f("ck_staff_log_act_length")),
        sa.CheckConstraint("length(reason) <= 2000", name=op.f("ck_staff_log_reason_length")),
        sa.CheckConstraint("length(subject) <= 40", name=op.f("ck_staff_log_subject_length")),
        sa.ForeignKeyConstraint(["actor_id"], ["members.id"], name=op.f("fk_staff_log_actor_id_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_staff_log_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_log")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("staff_log", schema=None) as batch_op:
        batch_op.create_index("ix_staff_log_member_id", ["member_id", "id"], unique=False)

    op.create_table(
        "comments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.String(length=12000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(text) <= 12000", name=op.f("ck_comments_text_length")),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_comments_author_id_members")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_comments_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint("entry_id", "number", name=op.f("uq_comments_entry_id_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.create_index("ix_comments_author_id", ["author_id"], unique=False)

    op.create_table(
        "diaries",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("body", sa.String(length=80000), nullable=False),
        sa.Column("excerpt", sa.String(length=2720), nullable=False),
        sa.CheckConstraint("length(body) <= 80000", name=op.f("ck_diaries_body_length")),
        sa.CheckConstraint("length(excerpt) <= 2720", name=op.f("ck_diaries_excerpt_length")),
        sa.CheckConstraint("length(title) <= 400", name=op.f("ck_diaries_title_length")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_diaries_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_diaries")),
    )
    op.create_table(
        "favourites",
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_favourites_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_favourites_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "member_id", name=op.f("pk_favourites")),
    )
    with op.batch_alter_table("favourites", schema=None) as batch_op:
        batch_op.create_index("ix_favourites_member_id", ["member_id", "created_at"], unique=False)

    op.create_table(
        "likes",
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_likes_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_likes_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "member_id", name=op.f("pk_likes")),
    )
    with op.batch_alter_table("likes", schema=None) as batch_op:
        batch_op.create_index("ix_likes_member_id", ["member_id"], unique=False)

    op.create_table(
        "voices",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("body", sa.String(length=1200), nullable=False),
        sa.CheckConstraint("length(body) <= 1200", name=op.f("ck_voices_body_length")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_voices_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_voices")),
    )
    _make_append_only("staff_log")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER staff_log_append_only ON staff_log")
        op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("voices")
    with op.batch_alter_table("likes", schema=None) as batch_op:
        batch_op.drop_index("ix_likes_member_id")

    op.drop_table("likes")
    with op.batch_alter_table("favourites", schema=None) as batch_op:
        batch_op.drop_index("ix_favourites_member_id")

    op.drop_table("favourites")
    op.drop_table("diaries")
    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.drop_index("ix_comments_author_id")

    op.drop_table("comments")
    with op.batch_alter_table("staff_log", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_log_member_id")

    op.drop_table("staff_log")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_sessions_member_id")
        batch_op.drop_index("ix_sessions_expires_at")

    op.drop_table("sessions")
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_index("ix_reports_state")
        batch_op.drop_index("ix_reports_reporter_id")
        batch_op.drop_index("ix_reports_about_id")

    op.drop_table("reports")
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.drop_index("ix_recovery_codes_member_id")

    op.drop_table("recovery_codes")
    with op.batch_alter_table("mailed_codes", schema=None) as batch_op:
        batch_op.drop_index("ix_mailed_codes_member_id")
        batch_op.drop_index("ix_mailed_codes_expires_at")

    op.drop_table("mailed_codes")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index("ix_invitations_inviter_id")

    op.drop_table("invitations")
    with op.batch_alter_table("friendships", schema=None) as batch_op:
        batch_op.drop_index("ix_friendships_since")
        batch_op.drop_index("ix_friendships_friend_id")

    op.drop_table("friendships")
    with op.batch_alter_table("friend_requests", schema=None) as batch_op:
        batch_op.drop_index("ix_friend_requests_asker_id")
        batch_op.drop_index("ix_friend_requests_asked_id")

    op.drop_table("friend_requests")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index("ix_entries_own")
        batch_op.drop_index(
            "ix_entries_feed",
            sqlite_where=sa.text("audience IN ('friends', 'friends_of_friends', 'members') AND deleted_at IS NULL"),
            postgresql_where=sa.text("audience IN ('friends', 'friends_of_friends', 'members') AND deleted_at IS NULL"),
        )

    op.drop_table("entries")
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.drop_index("ix_blocks_blocked_id")

    op.drop_table("blocks")
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.drop_index("ix_submissions_sent_at")

    op.drop_table("submissions")
    op.drop_table("retired_handles")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_members_confirmed_email",
            sqlite_where=sa.text("email_confirmed_at IS NOT NULL"),
            postgresql_where=sa.text("email_confirmed_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_members_sponsor_id")
        batch_op.drop_index(
            "ix_members_not_here",
            sqlite_where=sa.text("status <> 'active'"),
            postgresql_where=sa.text("status <> 'active'"),
        )
        batch_op.drop_index("ix_members_joined_at")
        batch_op.drop_index("ix_members_invitation_id")
        batch_op.drop_index("ix_members_email")

    op.drop_table("members")
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_letters_due", sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")
        )
        batch_op.drop_index("ix_letters_about")

    op.drop_table("letters")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_events_due", sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")
        )

    op.drop_table("events")
    op.drop_table("circle")


def _make_append_only(table: str) -> None:
    """The database refuses to change or delete a row of the log (SECURITY.md, P13)."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'this log is only appended to'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'this log is only appended to'); END"
        )
