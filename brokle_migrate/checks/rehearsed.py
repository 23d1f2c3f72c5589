"""What only running the histories shows: the rules of ``check --rehearse``."""

from __future__ import annotations

import re

from ..model import Level
from .rule import Rule

UP_FAILS = Rule("MG020", Level.ERROR, "a way up that fails on an empty database")
DOWN_FAILS = Rule("MG021", Level.ERROR, "a way down that fails")
LEAVES = Rule("MG022", Level.ERROR, "a way down that does not give back what there was")
OTHERWISE = Rule("MG023", Level.ERROR, "a way up that makes something else the second time")
IRREVERSIBLE = Rule("MG024", Level.INFO, "a revision that has no way down")
MODELS = Rule("MG025", Level.ERROR, "models that differ from what the revisions make")
DRIFT = Rule("MG030", Level.ERROR, "a live database that differs from what its history makes")
RULES = (UP_FAILS, DOWN_FAILS, LEAVES, OTHERWISE, IRREVERSIBLE, MODELS, DRIFT)

# What the engines of a rehearsal lack, in the words of their servers, and what to do then.  What is
# usually advised is about a database that stays: nothing has to be resumed here.
_WAYS_OUT = (
    (
        re.compile(r'role ".*" does not exist'),
        (
            "roles belong to a server, and the one of a rehearsal has none of yours: make it in a "
            "revision where it is missing, or grant only where it is in pg_roles"
        ),
    ),
    (
        re.compile(r'extension ".*" is not available|extension control file'),
        (
            "the embedded Postgres does not have that extension: make it, and what needs it, only "
            "where it is in pg_available_extensions; or leave Postgres out: --db clickhouse"
        ),
    ),
    (
        re.compile(
            r"CLUSTER_DOESNT_EXIST|NO_ZOOKEEPER|UNKNOWN_STATUS_OF_DISTRIBUTED|[Zz]oo[Kk]eeper"
        ),
        ("a rehearsal is on one server: write ${on_cluster} and ${replicated}, nothing there"),
    ),
    (
        re.compile(r"UNKNOWN_DATABASE"),
        (
            "a rehearsal has the database of the configuration: leave its name out of the file, or "
            "write ${database}"
        ),
    ),
)
_AGAIN = "correct the file, and check --rehearse again; it runs on engines of its own"


def way_out(message: str, otherwise: str = _AGAIN) -> str:
    """What to do about a step that failed in a rehearsal.

    :param message: in the words of its server.
    :param otherwise: where nothing better is known.
    """
    return next((hint for words, hint in _WAYS_OUT if words.search(message)), otherwise)
