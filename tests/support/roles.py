"""A configuration for the gateway's engine in which each grant is a role of its own.

The embedded engine has one user and can't make others, but it reads roles from ``users.xml``, and
a session may have all but one of them taken away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WHOM = re.compile(r" TO [`\w]+$")
_ADMINISTRATOR = "GRANT ALL ON *.*"

USERS = """<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <roles>{roles}</roles>
  <users><default>
    <password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota>
    <grants><query>GRANT {names}</query></grants>
  </default></users>
</clickhouse>
"""
ROLE = "<{name}><grants><query>{grant}</query></grants></{name}>"


def write_roles(directory: Path, grants: Sequence[str]) -> Path:
    """Write the configuration; its path.

    :param grants: GRANT statements; see :func:`role_of`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    known = {role_of(grant, grants): _WHOM.sub("", grant) for grant in grants}
    known["administrator"] = _ADMINISTRATOR
    roles = "".join(ROLE.format(name=name, grant=escape(grant)) for name, grant in known.items())
    users = directory / "users.xml"
    users.write_text(USERS.format(roles=roles, names=", ".join(known)))
    config = directory / "config.xml"
    config.write_text(f"<clickhouse><users_config>{users}</users_config></clickhouse>\n")
    return config


def role_of(grant: str, grants: Sequence[str]) -> str:
    """The name of the role that has one grant."""
    return f"grant_{grants.index(grant)}"
