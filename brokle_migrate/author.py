"""Who runs this, for the ledger and the lock."""

from __future__ import annotations

import getpass
import os
import socket


def author() -> str:
    """``user@host``; the number of the user where it has no name, as in many containers."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
