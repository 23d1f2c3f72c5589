"""Killed anywhere, the next ``up`` finishes by itself, and repeats nothing.

The places are taken from a run without a fault: after every statement that either server gets and
that is more than a look, and before it where the one before went to the other server.  Otherwise
that is one boundary: what died with the command and never arrived left no trace, so both servers
are as they were after the statement before.  The intent of a statement and the outcome of the one
before it are one row each of one insert, so the places around that insert are the boundaries of
both.
"""

from __future__ import annotations

import contextlib
import re
import signal
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.postgres_wire import GOODBYE

from .site import open_further_site, open_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .site import Servers, Site, Undisturbed

pytestmark = pytest.mark.faults

SHARES = 16  # tests, over which the places are dealt, so that workers can take turns
FEWEST_PLACES = 120
LOOK = 3  # each such place of a test is looked at with `status`, too
# Each such place is gone on from at once; the others when the server has had time to log what was
# on its way to it, which the command waits for otherwise.
SOON = 6
FRESH = 16  # each such place is that of a fresh interpreter, not of a fork

LEDGER = re.compile(r"\bschema_migrations\b")
# Statements that change nothing by themselves; how often they come depends on the time.
EFFECT = {
    "clickhouse": r"^\s*(?!SELECT\b|WITH\b|SHOW\b|DESC|EXISTS\b|EXPLAIN\b|SYSTEM\b|KILL\b)",
    "postgres": r"^\s*(?:SELECT pg_\w*advisory|(?!SELECT|SHOW|SET|BEGIN|SAVEPOINT|RELEASE|ROLLB))",
}
EFFECTS = {server: re.compile(text, re.IGNORECASE | re.DOTALL) for server, text in EFFECT.items()}


@dataclass(frozen=True)
class Place:
    """Where the command is killed.

    :ivar nth: which of the statements that matter to this server.
    :ivar then: what becomes of a statement that is on its way: the server gets it and goes on
        without its client, or it never arrives.
    """

    server: str
    nth: int
    when: str
    then: str
    text: str

    def __str__(self) -> str:
        told = " ".join(self.text.split())[:70]
        return f"{self.server} {self.nth} {self.when} {self.then}: {told}"


def places(undisturbed: Undisturbed) -> Iterator[Place]:
    """Every place."""
    count: Counter[str] = Counter()
    last = ""
    for server, text in undisturbed.course:
        if EFFECTS[server].search(text):
            count[server] += 1
            place = partial(Place, server, count[server], text=text)
            if server != last:
                yield place(when="before", then="drop")
            # A row of the ledger that comes late is as one whose answer was lost.
            if server == "clickhouse" and not LEDGER.search(text):
                yield place(when="before", then="continue")
            yield place(when="after", then="drop")
            last = server


def kill_at(site: Site, place: Place) -> None:
    """Kill the command there, and let what was on its way arrive or not."""
    door = site.gateway if place.server == "clickhouse" else site.proxy
    fault = door.fault(EFFECTS[place.server].pattern, nth=place.nth, when=place.when)
    with site.start("up", fresh=place.nth % FRESH == 0) as run:
        fault.wait()
        result = run.kill()
        # Nobody waits for the answer to a goodbye: the command may be through.
        assert result.code == -signal.SIGKILL or (place.text == GOODBYE and result.code == 0)
        fault.release(place.then)


@pytest.mark.parametrize("share", range(SHARES))
def test_killed_anywhere_up_finishes(
    servers: Servers,
    undisturbed: Undisturbed,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    share: int,
) -> None:
    everywhere = list(places(undisturbed))
    assert len(everywhere) >= FEWEST_PLACES
    problems: list[str] = []
    persons = 0
    mine = everywhere[share::SHARES]

    def attempt(place: Place, act: Callable[[], object]) -> bool:
        nonlocal persons
        try:
            act()
        except (AssertionError, TimeoutError) as error:
            persons += "a person is asked" in str(error)
            problems.append(f"{place}\n    {error}")
            return False
        return True

    with contextlib.ExitStack() as sites:
        sites.enter_context(open_site(servers, tmp_path))  # the servers' memory begins here
        struck = []
        for number, place in enumerate(mine):
            site = sites.enter_context(open_further_site(servers, tmp_path, per_migration=True))
            finish = partial(site.assert_up_finishes, undisturbed, status=not number % LOOK)
            if not attempt(place, partial(kill_at, site, place)):
                site.repair()
            elif number % SOON:
                struck.append((place, finish))
            else:
                attempt(place, finish)
        for place, finish in struck:
            attempt(place, finish)
    record_property("crash matrix: places", len(mine))
    record_property("crash matrix: places that needed a person", persons)
    assert not problems, "\n".join([f"{len(problems)} of {len(mine)}:", *problems])
