"""create api keys

Revision ID: 20250120140500
Revises: 20250113083000
Create Date: 2025-01-20 14:05:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# Revision identifiers, read by Alembic.
revision: str = "20250120140500"
down_revision: str | None = "20250113083000"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Create the API keys; only a hash is kept, and a prefix to tell keys apart."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key"),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_api_keys_project_id_projects",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_api_keys_created_by_users", ondelete="SET NULL"
        ),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
        sa.CheckConstraint("length(prefix) BETWEEN 8 AND 16", name="ck_api_keys_prefix_length"),
        sa.CheckConstraint("octet_length(key_hash) = 32", name="ck_api_keys_key_hash_length"),
    )


def downgrade() -> None:
    """Drop the API keys."""
    op.drop_table("api_keys")
