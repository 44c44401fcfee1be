"""JSON a column at a time: what orjson would write row by row."""

from __future__ import annotations

import orjson
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from clean_corpus.formats import strings

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=5)


@given(TEXTS)
@example(["".join(map(chr, range(300))), "", 'é"\\\n\u2028'])
def test_strings_are_spelled_as_orjson_spells_them(texts: list[str]) -> None:
    found = strings.escaped(pa.array(["x", *texts], pa.large_string())[1:])
    assert [f'"{one}"'.encode() for one in found.to_pylist()] == [orjson.dumps(t) for t in texts]


@given(
    st.lists(st.tuples(st.text('a"\\\té', max_size=5), st.integers(-(2**62), 2**62)), max_size=4)
)
def test_objects_are_written_in_lines(rows: list[tuple[str, int]]) -> None:
    names, numbers = ([row[i] for row in rows] for i in range(2))
    columns = {'na"me': pa.array(names, pa.string()), "n": pa.array(numbers, pa.int64())}
    found = bytes(strings.content(strings.objects(columns, b"}\n")))
    assert [orjson.loads(line) for line in found.splitlines()] == [
        {'na"me': name, "n": number} for name, number in rows
    ]
    assert found.count(b"\n") == len(rows)
