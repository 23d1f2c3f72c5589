"""Says how to connect to ClickHouse; every command that needs the database runs it once."""

from brokle_migrate.clickhouse import context

context.configure(
    url=context.config.get_main_option("sqlalchemy.url"),
    # Server settings for every statement of this history, such as {"max_threads": 4}.
    settings={},
)
