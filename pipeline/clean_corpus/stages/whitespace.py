"""Make white space plain and drop characters that cannot be seen."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config
from clean_corpus.kernels import whitespace as kernel
from clean_corpus.text import Batch, Stage, buffers, from_buffers, make_edits

# By rule of the kernel.
_RULES = pa.array(
    [
        "whitespace.blanks",
        "whitespace.line-end",
        "whitespace.blank-lines",
        "whitespace.line-edge",
        "whitespace.invisible",
    ]
)


def stage(options: config.Whitespace) -> Stage:
    """Make the stage that tidies white space.

    Line ends of every kind become line feeds; at most `options.blank_lines` empty lines stand
    together, and none at the ends of a text. Lines begin and end without blanks, and inside them
    a run of blanks becomes one: the same if all are alike, else a space, so that a French no-break
    space stays. Controls, soft hyphens, byte order marks and spaces without width go; joiners stay
    next to letters that they join and in emoji, as do the word breaks of Thai, Lao, Burmese and
    Khmer. Doing it twice changes nothing more.
    """

    def whitespace(batch: Batch) -> pa.Table:
        found = kernel.spans(*buffers(batch.texts), options.blank_lines)
        new = from_buffers(found.new, found.new_offsets)
        size = pc.binary_length(new)
        return make_edits(
            found.doc,
            found.start,
            found.end,
            new,
            pc.if_else(pa.array(found.rule == kernel.INVISIBLE), "invisible", "whitespace"),
            _RULES.take(pa.array(found.rule)),
            pc.if_else(pc.equal(size, 0), "remove", "replace"),
        )

    return whitespace
