"""The Postgres history in a bare loop: each statement, and the version row that Alembic keeps.

Arguments: SQLAlchemy's URL, and how many.
"""

import sys

import psycopg


def main(url: str, size: int) -> None:
    """Run everything in one transaction."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('0')")
        for number in range(size):
            connection.execute(f"CREATE TABLE table_{number} (id bigint)")
            connection.execute("UPDATE alembic_version SET version_num = %s", [str(number)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
