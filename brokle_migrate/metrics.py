"""The health of the databases as Prometheus metrics, through Prometheus's own client library.

Names and units follow https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import __version__
from .conditions import Condition
from .errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.core import Metric

    from .conditions import DatabaseHealth, Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "brokle_migrate"


def metrics(health: Health) -> bytes:
    """The metrics in Prometheus's text format.

    :raises ConfigError: the client library is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.registry import Collector
    except ImportError as error:
        raise ConfigError(
            "metrics need Prometheus's client library",
            hint="pip install 'brokle-migrate[health]'",
        ) from error

    class Once(Collector):
        def collect(self) -> Iterable[Metric]:
            return _families(health)

    registry = CollectorRegistry()
    registry.register(Once())
    return generate_latest(registry)


def _families(health: Health) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    yield InfoMetricFamily(_PREFIX, "The program.", {"version": __version__})
    overall = GaugeMetricFamily(f"{_PREFIX}_status", "1 for how it is.", labels=["status"])
    for condition in Condition:
        overall.add_metric([condition.value], float(health.condition is condition))
    yield overall
    yield GaugeMetricFamily(f"{_PREFIX}_ready", "Whether everything is applied.", health.is_ready)
    yield GaugeMetricFamily(f"{_PREFIX}_checked_timestamp_seconds", "When.", health.checked)
    for name, help_, value in _BY_DATABASE:
        family = GaugeMetricFamily(f"{_PREFIX}_{name}", help_, labels=["database"])
        for database in health.databases:
            number = value(database)
            if number is not None:
                family.add_metric([database.status.environment], number)
        yield family
    yield from _lock(health)
    if health.last_run is not None:
        name = f"{_PREFIX}_last_run_timestamp_seconds"
        yield GaugeMetricFamily(name, "When the last run ended.", health.last_run.ended)


def _lock(health: Health) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    if health.lock is None:
        return
    holder = health.lock.holder
    held = holder is not None and not holder.is_over
    yield GaugeMetricFamily(f"{_PREFIX}_lock_held", "Whether somebody is migrating.", held)
    if holder is not None and holder.age is not None:
        name = f"{_PREFIX}_lock_age_seconds"
        yield GaugeMetricFamily(name, "For how long the holder has been there.", holder.age)


def _known(count: Callable[[DatabaseHealth], float]) -> Callable[[DatabaseHealth], float | None]:
    """A number that is only known of a database that could be read."""
    return lambda database: None if database.status.error is not None else count(database)


_BY_DATABASE: tuple[tuple[str, str, Callable[[DatabaseHealth], float | None]], ...] = (
    ("database_up", "Whether it answers.", lambda d: float(d.reachable)),
    ("database_latency_seconds", "An empty round trip.", lambda d: d.latency),
    ("database_ready", "Whether everything is applied.", lambda d: float(d.status.is_ready)),
    ("applied_revisions", "Applied.", _known(lambda d: d.status.applied)),
    ("pending_revisions", "Not applied.", _known(lambda d: len(d.status.pending))),
    ("out_of_order_revisions", "Older gaps.", _known(lambda d: len(d.status.out_of_order))),
    ("dirty_revisions", "Started and not finished.", _known(lambda d: len(d.status.dirty))),
    ("ahead_revisions", "Recorded, on no disk.", _known(lambda d: len(d.status.ahead))),
    ("changed_revisions", "Edited since applied.", _known(lambda d: len(d.status.changed))),
)
