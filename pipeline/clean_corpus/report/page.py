"""Write report.html: a template, the summary, and a few samples; no network, no clock."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from clean_corpus import prepared, results
from clean_corpus.config import Config, from_json
from clean_corpus.corpus.duplicates import parameters
from clean_corpus.errors import OutputError
from clean_corpus.report import charts, diff, samples

_SOURCES, _RULES = 50, 200


def write(out: Path) -> Path:
    """Write `out`/report.html from the other files of a run, and give its path.

    Equal runs give equal bytes. Raises InputError where `out` is not what a run has written,
    OutputError where it cannot be written to.
    """
    summary = results.summary(out)
    shown = samples.collect(out)
    page = _template().render(
        summary=summary,
        bars=charts.bars,
        curve=_curve(summary),
        sources=_largest(summary["sources"], _SOURCES),
        rules=_ranked(summary["edits"]["by_rule"])[:_RULES],
        pairs=[(pair, *diff.sides(pair.keeper.text, pair.member.text)) for pair in shown.pairs],
        passages=shown.passages,
        lessons=shown.lessons,
        edits=shown.edits,
        failed=shown.failed,
        island=_island(summary),
    )
    path = out / "report.html"
    part = path.with_name("report.html.part")
    try:
        part.write_text(page, encoding="utf-8", newline="\n")
        return part.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error


def _template() -> Any:
    """Load the template as Python has it: to compile it takes a fiftieth of a second."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = _percent
    environment.filters["thousands"] = "{:,}".format
    source = Path(__file__).with_name("page.html.j2").read_text(encoding="utf-8")

    def build() -> dict[str, npt.NDArray[Any]]:
        return {"code": np.frombuffer(marshal.dumps(environment.compile(source)), np.uint8)}

    found = prepared.tables("report", build, packages=["jinja2"], facts=[source])
    code = marshal.loads(found["code"].data)  # noqa: S302 - written by us
    return Template.from_code(environment, code, environment.make_globals(None))


def _curve(summary: Mapping[str, Any]) -> Markup | None:
    """Draw the S-curve, if the run looked for near-duplicates."""
    dedup = from_json(Config, summary["config"]).dedup
    if not dedup.near:
        return None
    bands = parameters.choose(dedup)
    histogram = summary["duplicates"].get("histogram", [])
    return charts.curve(parameters.curve(bands), float(dedup.threshold), histogram)


def _largest(sources: Mapping[str, Any], count: int) -> list[tuple[str, Any]]:
    return sorted(sources.items(), key=lambda item: (-item[1]["read"], item[0]))[:count]


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _island(summary: Mapping[str, Any]) -> Markup:
    """Give the summary as JSON that cannot end the script element it stands in."""
    text = orjson.dumps(summary, option=orjson.OPT_SORT_KEYS).decode()
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 - escaped here
