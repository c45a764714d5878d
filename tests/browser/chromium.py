"""Find a Chromium for the browser tests, and install one where there is none.

    python -m tests.browser.chromium

Exits with a message when it cannot: the browser tests never skip.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """The path of a browser: $CHROMIUM, one on PATH, or the one Playwright has downloaded."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    on_path = next(filter(None, map(shutil.which, _NAMES)), None)
    if on_path:
        return on_path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        downloaded = playwright.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


def install() -> None:
    """Install a Chromium: Debian's where this is root on Debian, else Playwright's."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive", **os.environ}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
            env=quiet,
            check=False,
            stdout=subprocess.DEVNULL,
        )
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> str | None:
    """Find or install a browser; the message of failure, or None."""
    if find() is None:
        install()
    if find() is None:
        return (
            "The browser tests need Chromium, and it could not be installed. Install the package chromium with your "
            "system's package manager, or set CHROMIUM to the path of a Chromium or Chrome."
        )
    return None


if __name__ == "__main__":
    sys.exit(main())
