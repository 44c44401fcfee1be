"""Measure HTML end to end: a folder of pages to cleaned articles, beside bare trafilatura.

    python benchmarks/html_path.py DATA_FOLDER [--rounds 3]

DATA_FOLDER holds html_*.jsonl(.gz), one page a line: `{"html": ..}`. Each is written to a file.
Printed are the CPU seconds of whole processes, start included, medians of alternating rounds: of
`clean-corpus run` with one worker and all stages; of a script that reads the same files and calls
`trafilatura.extract` on each; and of either on the first page alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from jsonl import objects
from processes import measured

BARE = """
import sys
from pathlib import Path
from trafilatura import extract
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        extract(path.read_bytes())
    except Exception:
        pass
"""


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = written(options.data, folder / "pages")
        (folder / "one").mkdir()
        first = min((folder / "pages").iterdir())
        (folder / "one" / first.name).write_bytes(first.read_bytes())
        tool(folder / "one", folder / "out")  # a first run compiles
        rows = [
            [
                run(folder / which, folder / "out")
                for which in ("pages", "one")
                for run in (tool, bare)
            ]
            for _ in range(options.rounds)
        ]
    whole, peer, start, peer_start = (
        statistics.median(column) for column in zip(*rows, strict=True)
    )
    print(f"{count} pages, CPU seconds, medians of {options.rounds}: whole process (one page)")
    print(f"  clean-corpus run      {whole:7.2f} ({start:.2f})")
    print(f"  trafilatura.extract   {peer:7.2f} ({peer_start:.2f})")
    print(
        f"  ratio {whole / peer:.2f}; without the start {(whole - start) / (peer - peer_start):.2f}"
    )


def written(data: Path, pages: Path) -> int:
    """Write each page to a file of its own; give their number."""
    pages.mkdir()
    count = 0
    for path in sorted(data.glob("html_*.jsonl*")):
        for row in objects(path):
            (pages / f"{count:06}.html").write_text(row["html"], encoding="utf-8")
            count += 1
    return count


def tool(pages: Path, out: Path) -> float:
    """Run the tool; give its CPU seconds."""
    run = ["run", "--quiet", "--fresh", "--workers", "1", "-o", str(out), str(pages)]
    return measured([sys.executable, "-m", "clean_corpus", *run]).cpu


def bare(pages: Path, out: Path) -> float:
    """Run trafilatura alone; give its CPU seconds."""
    del out
    return measured([sys.executable, "-W", "ignore", "-c", BARE, str(pages)]).cpu


if __name__ == "__main__":
    main()
