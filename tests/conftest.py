"""What tests share: settings, and the command line in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

from clean_corpus import cli
from command_line import Cli, Ending

# A kernel's first call compiles it: a deadline would fail at random.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Give a function that runs the command line in this process."""

    def ended(*arguments: str | Path) -> Ending:
        monkeypatch.setattr(sys, "argv", ["clean-corpus", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        code = caught.value.code
        return Ending(code if isinstance(code, int) else 0, *capfd.readouterr())

    return ended
