"""add member roles

Revision ID: 20250203094500
Revises: 20250120140500
Create Date: 2025-02-03 09:45:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# Revision identifiers, read by Alembic.
revision: str = "20250203094500"
down_revision: str | None = "20250120140500"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

member_role = postgresql.ENUM(
    "owner", "admin", "developer", "viewer", name="member_role", create_type=False
)


def upgrade() -> None:
    """Give every member a role, and let people be invited to one."""
    op.execute("CREATE TYPE member_role AS ENUM ('owner', 'admin', 'developer', 'viewer')")
    op.add_column(
        "memberships",
        sa.Column("role", member_role, server_default="viewer", nullable=False),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", member_role, server_default="viewer", nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_invitations_organization_id_organizations",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "organization_id", "email", name="uq_invitations_organization_id_email"
        ),
        sa.UniqueConstraint("token_hash", name="uq_invitations_token_hash"),
    )


def downgrade() -> None:
    """Drop the invitations, the roles and their type."""
    op.drop_table("invitations")
    op.drop_column("memberships", "role")
    op.execute("DROP TYPE member_role")
