<%!
def docstring(text):
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")

def literal(value):
    return repr(value).replace("'", '"')
%>\
"""${message | docstring}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
% if imports:
${imports}
% endif

# Revision identifiers, read by Alembic.
revision: str = ${literal(up_revision)}
down_revision: str | tuple[str, ...] | None = ${literal(down_revision)}
branch_labels: str | tuple[str, ...] | None = ${literal(branch_labels)}
depends_on: str | tuple[str, ...] | None = ${literal(depends_on)}

# The ClickHouse version that has to be there first, if there is one:
# clickhouse_requires = "YYYYMMDDHHMMSS"


def upgrade() -> None:
    """Upgrade the schema."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Downgrade the schema."""
    ${downgrades if downgrades else "pass"}
