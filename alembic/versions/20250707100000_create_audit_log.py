"""create the audit log

Revision ID: 20250707100000
Revises: 20250609091500
Create Date: 2025-07-07 10:00:00+00:00
"""

# migrate: allow squawk/require-concurrent-index-creation because the view was only just made

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# Revision identifiers, read by Alembic.
revision: str = "20250707100000"
down_revision: str | None = "20250609091500"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Keep who changed what, and count it by day for the administrators."""
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "happened_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_audit_log_organization_id_organizations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_audit_log_user_id_users", ondelete="SET NULL"
        ),
    )
    op.create_index(
        "ix_audit_log_organization_id_happened_at", "audit_log", ["organization_id", "happened_at"]
    )
    op.create_index("ix_audit_log_details", "audit_log", ["details"], postgresql_using="gin")
    op.execute(
        """
        CREATE MATERIALIZED VIEW audit_actions_by_day AS
        SELECT
            organization_id,
            CAST(happened_at AT TIME ZONE 'UTC' AS date) AS day,
            action,
            count(*) AS actions
        FROM audit_log
        GROUP BY 1, 2, 3
        """
    )
    # REFRESH MATERIALIZED VIEW CONCURRENTLY needs a unique index.
    op.create_index(
        "uq_audit_actions_by_day",
        "audit_actions_by_day",
        ["organization_id", "day", "action"],
        unique=True,
    )


def downgrade() -> None:
    """Drop the counts and the log."""
    op.execute("DROP MATERIALIZED VIEW audit_actions_by_day")
    op.drop_table("audit_log")
