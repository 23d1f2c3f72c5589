"""What is hidden, and what must stay readable."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokle_migrate.redact import Redactor


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        # passwords in URLs
        ("at postgres://u:p@h:5432/db!", "at postgres://u:***@h:5432/db!"),
        ("postgresql+psycopg://u:p%40w@h/db", "postgresql+psycopg://u:***@h/db"),
        ("postgres://u:p@w@h/db", "postgres://u:***@h/db"),
        ("postgres://u:p/w@h/db", "postgres://u:***@h/db"),
        ("postgres://u:p?w@h/db?a=b", "postgres://u:***@h/db?a=b"),
        ('postgres://u:p"w@h/db', "postgres://u:***@h/db"),
        ("postgres://:p@h/db", "postgres://:***@h/db"),
        ("postgres://u:@h/db", "postgres://u:***@h/db"),
        ("a://u:p@h,b://v:q@i and c@d", "a://u:***@h,b://v:***@i and c@d"),
        ('{"a":"a://u:p@h","b":"c@d"}', '{"a":"a://u:***@h","b":"c@d"}'),
        # options
        ("http://h:8123/?user=u&password=p&x=1", "http://h:8123/?user=u&password=***&x=1"),
        ("host=h password=p dbname=db", "host=h password=*** dbname=db"),
        ("host=h password='it\\'s me' dbname=db", "host=h password=*** dbname=db"),
        ("password = 'a b' user = u", "password = *** user = u"),
        ('passwd="a b" pwd=c', "passwd=*** pwd=***"),
        ("PGPASSWORD=p sslpassword=q; x", "PGPASSWORD=*** sslpassword=***; x"),
        # everything else
        ("postgres://h:5432/db?mail=a@b", "postgres://h:5432/db?mail=a@b"),
        ("http://127.0.0.1:8123/a@b", "http://127.0.0.1:8123/a@b"),
        ("postgres://u@h/db", "postgres://u@h/db"),
        ("SET password = excluded.password", "SET password = excluded.password"),
        ("no password was given", "no password was given"),
        ("CREATE TABLE a (b String) -- 10:30 @ noon", "CREATE TABLE a (b String) -- 10:30 @ noon"),
        ("", ""),
    ],
)
def test_what_looks_like_a_password(text: str, hidden: str) -> None:
    hide = Redactor(()).hide
    assert hide(text) == hidden
    assert hide(hidden) == hidden


def test_known_secrets() -> None:
    hide = Redactor(["hunter22", "hunter22!", "a.c+"]).hide
    assert hide("hunter22! hunter22 xhunter22x a.c+ abc+") == "*** *** x***x *** abc+"


def test_a_known_secret_in_an_unencoded_url() -> None:
    hide = Redactor(["p@ss/w#rd?x"]).hide
    assert hide("postgres://u:p@ss/w#rd?x@h:5432/db") == "postgres://u:***@h:5432/db"


@pytest.mark.parametrize(
    "word",
    ["abc", "", "postgres", "ClickHouse", "default", "password", "root", "admin", "Brokle"],
)
def test_short_and_common_words_stay(word: str) -> None:
    text = f"user <{word}> in schema {word}"
    assert Redactor([word]).hide(text) == text


def test_public_names_stay() -> None:
    redactor = Redactor(["Analytics", "hunter22"], public=["analytics"])
    assert redactor.hide("Analytics hunter22") == "Analytics ***"


@settings(deadline=None)
@given(st.lists(st.text(min_size=4)), st.text())
def test_no_known_secret_is_left(secrets: list[str], text: str) -> None:
    hidden = Redactor(["hunter22", *secrets]).hide(f"{text} hunter22 {text}")
    assert "hunter22" not in hidden
