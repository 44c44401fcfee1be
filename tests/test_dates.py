"""Dates in the notations that news comes with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clean_corpus.corpus.dates import seconds


@pytest.mark.parametrize(
    ("date", "iso"),
    [
        ("2025-02-12", "2025-02-12"),
        ("2025-02-12T08:30:00Z", "2025-02-12T08:30"),
        ("2025-02-12T08:30:00.125+02:00", "2025-02-12T06:30"),
        ("2025-02-12 08:30", "2025-02-12T08:30"),
        ("2017-01-22T185600", "2017-01-22T18:56"),
        ("20250212", "2025-02-12"),
        ("Wed, 12 Feb 2025 08:30:00 +0100", "2025-02-12T07:30"),
        ("Wed, 12 Feb 2025 08:30:00 GMT", "2025-02-12T08:30"),
        ("Wed, Feb 12, 2025, 08:30", "2025-02-12T08:30"),
        ("12 février 2025", "2025-02-12"),
        ("mercredi 12 février 2025 à 08h30", "2025-02-12T08:30"),
        ("1er août 2024", "2024-08-01"),
        ("12. Februar 2025", "2025-02-12"),
        ("12 de fevereiro de 2025", "2025-02-12"),
        ("12 lutego 2025", "2025-02-12"),
        ("12 Şubat 2025", "2025-02-12"),
        ("Feb. 12, 2025", "2025-02-12"),
        ("26-FEB-1987 15:01:01.79", "1987-02-26T15:01:01"),
        ("12/02/2025", "2025-02-12"),
        ("2-1-2019", "2019-01-02"),
        ("02.13.2025", "2025-02-13"),
        ("12/02/2025 08:30", "2025-02-12T08:30"),
        ("1739349000", "2025-02-12T08:30"),
        ("1739349000000", "2025-02-12T08:30"),
    ],
)
def test_read(date: str, iso: str) -> None:
    assert seconds(f" {date}\n") == int(datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "2 hours ago",
        "13/13/2025",
        "31/02/2025",
        "2025",
        "May",
        "12 foo 2025",
        "0000-00-00",
        "9999-12-31",
        "12/02/25",
        "2025-02",
        "99999999999999999",
        "٢٠٢٥",
    ],
)
def test_undated(date: str) -> None:
    assert seconds(date) is None
