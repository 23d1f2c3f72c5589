"""A statement of which it is proven that it had no effect is sent again, and no other is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .site import Site, Undisturbed

pytestmark = pytest.mark.faults

CREATE = "^CREATE TABLE errors"
BUSY = {"action": "error", "code": 202, "message": "Too many simultaneous queries."}
KEEPER = {"action": "error", "code": 999, "message": "Session expired. (KEEPER_EXCEPTION)"}
ALTER = "^ALTER TABLE errors ADD"


def ran(site: Site, start: str) -> int:
    return sum(text.startswith(start) for text in site.gateway.texts())


def intents(site: Site) -> int:
    """How often the statement that was begun most often was begun, under query ids of its own."""
    begun = (
        "SELECT max(ids) FROM (SELECT uniqExact(query_id) AS ids FROM schema_migrations "
        "WHERE event = 'intent' GROUP BY version, action, statement)"
    )
    ((most,),) = site.gateway.query(begun, site.database)
    return int(most)


@pytest.mark.parametrize("times", [1, 3])
def test_what_never_arrived_is_sent_again(site: Site, undisturbed: Undisturbed, times: int) -> None:
    site.gateway.fault(CREATE, times=times, action="drop")
    result = site.check_up(undisturbed)
    assert result.code == 0, result
    assert "it is sent again" in result.err
    assert ran(site, CREATE[1:]) == times + 1


def test_after_the_last_time_it_is_an_error(site: Site, undisturbed: Undisturbed) -> None:
    site.gateway.fault(CREATE, times=0, **BUSY)
    result = site.check_up(undisturbed)
    assert result.code == 6, result
    failure = json.loads(result.out)["data"]["failure"]
    assert "max_concurrent_queries" in failure["hint"]
    assert ran(site, CREATE[1:]) == 4
    assert intents(site) == 4
    site.repair()
    site.assert_up_finishes(undisturbed)


@pytest.mark.parametrize("fault", [{"when": "after", "action": "drop"}, KEEPER])
def test_what_may_have_run_is_not_sent_again(
    site: Site, undisturbed: Undisturbed, fault: dict[str, object]
) -> None:
    site.gateway.fault(ALTER, **fault)
    assert site.check_up(undisturbed).code in {0, 6}
    assert ran(site, ALTER[1:]) == 1
    site.assert_up_finishes(undisturbed)
