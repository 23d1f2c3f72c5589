"""Passwords of the configuration in a schema."""

from __future__ import annotations

import pytest

from brokle_migrate.environments.dump_text import without_known
from brokle_migrate.redact import Redactor


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("SELECT 'hunter22';", "SELECT '***';"),
        ("SELECT 'password=hunter22 x';", "SELECT 'password=*** x';"),
        ("AS $f$ connect('hunter22') $f$;", "AS $f$ connect('***') $f$;"),
        ("SELECT E'\\'hunter22';", "SELECT E'\\'***';"),
        # part of a longer word
        ("SELECT 'hunter225';", "SELECT 'hunter225';"),
        # outside of quotes, and then a name in them, too
        ("CREATE TABLE hunter22 (a int);", "CREATE TABLE hunter22 (a int);"),
        ('CREATE TABLE "hunter22" ();', 'CREATE TABLE "hunter22" ();'),
        ("TABLE Hunter22; AS $$ TABLE hunter22 $$;", "TABLE Hunter22; AS $$ TABLE hunter22 $$;"),
        ("\"hunter22\"; SELECT 'hunter22';", "\"hunter22\"; SELECT 'hunter22';"),
        # of another spelling, and short ones
        ("SELECT 'it''s me';", "SELECT '***';"),
        ("SELECT 'abc';", "SELECT 'abc';"),
    ],
)
def test_only_what_stands_in_quotes_for_itself(text: str, hidden: str) -> None:
    hide = Redactor(["hunter22", "it's me", "abc"]).hide_words
    assert without_known(text, hide) == hidden
