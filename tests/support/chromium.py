"""A browser without a window: what a page looks like, and what its scripts found out."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING

from .daemon import missing

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT = 60.0
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--no-first-run",
)
_DARK = "--blink-settings=preferredColorScheme=0"


def require_chromium() -> None:
    """Skip where the browser is not installed; fail where skipping is forbidden."""
    if shutil.which("chromium") is None:
        missing("chromium is not installed", "chromium fonts-dejavu-core")


def screenshot(page: Path, size: tuple[int, int], *, dark: bool = False) -> bytes:
    """The page as a PNG.

    :param size: of the window, in pixels.
    :param dark: whether the reader prefers a dark page.
    """
    picture = page.with_suffix(".png")
    mode = [_DARK] if dark else []
    width, height = size
    _chromium(page, f"--screenshot={picture}", f"--window-size={width},{height}", *mode)
    return picture.read_bytes()


def title(page: Path) -> str:
    """The title of the page after its scripts have run."""
    found = re.search(r"<title>(.*?)</title>", _chromium(page, "--dump-dom"), re.DOTALL)
    assert found is not None
    return unescape(found[1])


def _chromium(page: Path, *options: str) -> str:
    profile = page.parent / "profile"
    command = ["chromium", *_QUIET, f"--user-data-dir={profile}", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    return done.stdout
