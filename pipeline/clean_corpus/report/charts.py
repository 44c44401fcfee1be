"""Charts as inline SVG: bars for counts, and the curve that decides which pairs are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

_ROW, _LABEL, _BAR, _COUNT = 22, 170, 380, 90
_LEFT, _TOP, _WIDTH, _HEIGHT = 34, 10, 420, 180

#: Bars of one chart; the rest is summed up in a last one.
_BARS = 24


def bars(counts: Mapping[str, int]) -> Markup:
    """Draw one bar for each name, the largest first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = ranked[_BARS:]
    if rest:
        ranked = [*ranked[:_BARS], (f"{len(rest)} others", sum(count for _, count in rest))]
    largest = max([count for _, count in ranked] or [1]) or 1
    rows = [_bar(i, name, count, largest) for i, (name, count) in enumerate(ranked)]
    return _svg(_LABEL + _BAR + _COUNT, _ROW * len(rows), rows)


def _bar(i: int, name: str, count: int, largest: int) -> Markup:
    y, length = i * _ROW, max(1, _BAR * count // largest)
    label = name if len(name) <= 26 else f"{name[:25]}…"
    return Markup(
        '<g><title>{}: {:,}</title><text x="{}" y="{}" class="label">{}</text>'
        '<rect x="{}" y="{}" width="{}" height="14" rx="2"/>'
        '<text x="{}" y="{}" class="count">{:,}</text></g>'
    ).format(
        name, count, _LABEL - 10, y + 15, label, _LABEL, y + 4, length,
        _LABEL + length + 8, y + 15, count,
    )  # fmt: skip


def curve(chances: Sequence[float], threshold: float, histogram: Sequence[int]) -> Markup:
    """Draw the chance that a pair is compared over its Jaccard, and the pairs that were.

    `chances` run from Jaccard 0 to 1 in equal steps; `histogram` counts the verified pairs in
    equal bins over the same range.
    """
    last = len(chances) - 1
    points = " ".join(f"{_x(i / last)},{_y(chance)}" for i, chance in enumerate(chances))
    at = _x(threshold)
    limit = Markup('<line class="limit" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>')
    note = Markup('<text class="note" x="{}" y="{}">threshold {}</text>')
    tick = Markup('<text class="tick" x="{}" y="{}">{:.1f}</text>')
    share = Markup('<text class="axis" x="{}" y="{}">{} %</text>')
    bottom = _TOP + _HEIGHT
    parts = [
        *_histogram(histogram),
        Markup('<polyline class="curve" points="{}"/>').format(points),
        limit.format(at, _TOP, bottom),
        note.format(at, bottom + 34, threshold),
        *(tick.format(_x(tenth / 10), bottom + 18, tenth / 10) for tenth in range(0, 11, 2)),
        *(share.format(_LEFT - 6, _y(cent / 100), cent) for cent in (0, 50, 100)),
    ]
    return _svg(_LEFT + _WIDTH + 20, bottom + 44, parts)


def _histogram(counts: Sequence[int]) -> list[Markup]:
    largest = max(counts, default=0)
    if not largest:
        return []
    step = _WIDTH / len(counts)
    return [
        Markup(
            '<rect class="pairs" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
            "<title>{:,} pairs</title></rect>"
        ).format(
            _LEFT + i * step, _TOP + _HEIGHT * (1 - count / largest), step - 1,
            _HEIGHT * count / largest, count,
        )
        for i, count in enumerate(counts)
        if count
    ]  # fmt: skip


def _x(jaccard: float) -> str:
    return f"{_LEFT + _WIDTH * jaccard:.1f}"


def _y(share: float) -> str:
    return f"{_TOP + _HEIGHT * (1 - share):.1f}"


def _svg(width: int, height: int, parts: Sequence[Markup]) -> Markup:
    opening = Markup('<svg viewBox="0 0 {} {}" width="{}" role="img">').format(width, height, width)
    return opening + Markup("").join(escape(part) for part in parts) + Markup("</svg>")
