"""Run processes for a benchmark: what they cost, and environments for tools of others."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """CPU and wall seconds of a process and its descendants, and the largest one's memory."""

    cpu: float
    wall: float
    megabytes: float


def measured(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Run a command and wait for all children of this process; end with its log where it fails."""
    with tempfile.TemporaryFile() as log:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
        cpu = megabytes = 0.0
        code = 0
        while True:
            try:
                pid, status, used = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += used.ru_utime + used.ru_stime
            megabytes = max(megabytes, used.ru_maxrss / 1024)
            if pid == process.pid:
                code = process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begin
        if code:
            log.seek(0)
            text = log.read().decode(errors="replace")[-2000:]
            sys.exit(f"{' '.join(command)}: exit code {code}\n{text}")
    return Cost(cpu, wall, megabytes)


def environment(home: Path, packages: Sequence[str]) -> str:
    """Give the interpreter of an environment with these packages; make it if there is none."""
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    return str(python)
