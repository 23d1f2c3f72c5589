"""What only running the histories shows: the rules of ``check --rehearse``."""

from __future__ import annotations

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
