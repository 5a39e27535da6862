"""The first shape of the house: members, how they stand to each other, entries and what hangs on them, the outbox."""

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
        sa.CheckConstraint("id = 1", name=op.f("ck_circle_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circle")),
    )
    op.execute("INSERT INTO circle (id) VALUES (1)")
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
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_events_state")),
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
        sa.CheckConstraint("language IN ('en', 'ja')", name=op.f("ck_members_language")),
        sa.CheckConstraint("status IN ('active', 'suspended', 'gone')", name=op.f("ck_members_status")),
        sa.CheckConstraint("length(email) <= 254", name=op.f("ck_members_email_length")),
        sa.CheckConstraint("length(handle) <= 30", name=op.f("ck_members_handle_length")),
        sa.CheckConstraint("length(introduction) <= 4000", name=op.f("ck_members_introduction_length")),
        sa.CheckConstraint("length(language) <= 5", name=op.f("ck_members_language_length")),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_members_name_length")),
        sa.CheckConstraint("length(password_hash) <= 100", name=op.f("ck_members_password_hash_length")),
        sa.CheckConstraint("length(status) <= 10", name=op.f("ck_members_status_length")),
        sa.CheckConstraint("length(theme) <= 5", name=op.f("ck_members_theme_length")),
        sa.CheckConstraint("length(timezone) <= 50", name=op.f("ck_members_timezone_length")),
        sa.ForeignKeyConstraint(["sponsor_id"], ["members.id"], name=op.f("fk_members_sponsor_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("handle", name=op.f("uq_members_handle")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index("ix_members_email", ["email"], unique=False)
        batch_op.create_index("ix_members_joined_at", ["joined_at"], unique=False)
        batch_op.create_index("ix_members_sponsor_id", ["sponsor_id"], unique=False)

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
        sa.CheckConstraint("length(letter) <= 8000", name=op.f("ck_invitations_letter_length")),
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
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
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


def downgrade() -> None:
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
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_sessions_member_id")
        batch_op.drop_index("ix_sessions_expires_at")

    op.drop_table("sessions")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index("ix_invitations_inviter_id")

    op.drop_table("invitations")
    with op.batch_alter_table("friendships", schema=None) as batch_op:
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
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index("ix_members_sponsor_id")
        batch_op.drop_index("ix_members_joined_at")
        batch_op.drop_index("ix_members_email")

    op.drop_table("members")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_events_due", sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")
        )

    op.drop_table("events")
    op.drop_table("circle")
