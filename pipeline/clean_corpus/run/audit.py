"""The audit: counts that must add up, and the limits that decide about the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from clean_corpus.config import Limits, ratio
from clean_corpus.errors import InputError, LimitExceeded

#: A source with fewer documents may lose all of them without a word.
_LARGE_SOURCE = 100


def add(totals: dict[str, Any], counts: Mapping[str, Any]) -> None:
    """Add nested counts to totals, name by name."""
    for name, count in counts.items():
        if isinstance(count, dict):  # an abstract class takes ten times as long to ask
            add(totals.setdefault(name, {}), count)
        else:
            totals[name] = totals.get(name, 0) + count


def total(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up the counts of all parts, with names in order."""
    totals: dict[str, Any] = {}
    for part in parts:
        add(totals, part)
    return _ordered(totals)


def _ordered(counts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _ordered(counts[name]) if isinstance(counts[name], dict) else counts[name]
        for name in sorted(counts)
    }


def check(summary: Mapping[str, Any]) -> None:
    """Prove that read = kept + removed + failed, over all and per source, and by reason."""
    for counts in (summary, *summary["sources"].values()):
        out = counts["kept"] + counts["removed"] + counts["failed"]
        if counts["read"] != out:
            raise AssertionError(
                f"counts do not add up: {counts['read']} read, {out} accounted for"
            )
    if summary["removed"] != sum(summary["reasons"].values()):
        raise AssertionError("counts do not add up: removed is not the sum of its reasons")


def check_read(summary: Mapping[str, Any], inputs: Iterable[str]) -> None:
    """Raise InputError where nothing was read: that is never a success."""
    if not summary["read"]:
        raise InputError(f"{', '.join(inputs)}: holds no records. Check the input.")


def check_limits(summary: Mapping[str, Any], limits: Limits) -> None:
    """Raise LimitExceeded, in one sentence, where a share is larger than the config allows."""
    removed = f"limits.max_removed = {limits.max_removed}"
    per_source = f"limits.max_removed_per_source = {limits.max_removed_per_source}"
    failed = f"limits.max_failed = {limits.max_failed}"
    found = [
        *_exceeded("all sources", summary, "failed", limits.max_failed, failed),
        *_exceeded("all sources", summary, "removed", limits.max_removed, removed),
    ]
    for name, counts in summary["sources"].items():
        if counts["read"] >= _LARGE_SOURCE:
            limit = limits.max_removed_per_source
            found += _exceeded(name or "no source", counts, "removed", limit, per_source)
    if found:
        raise LimitExceeded("past a limit: " + "; ".join(found))


def _exceeded(
    where: str, counts: Mapping[str, Any], what: str, limit: Decimal, option: str
) -> list[str]:
    above, below = ratio(limit)
    if counts[what] * below <= above * counts["read"]:
        return []
    return [f"{counts[what]:,} of {counts['read']:,} documents {what} ({where}; {option})"]
