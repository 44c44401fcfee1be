"""How the first letters and digits of a match may run: a quick test of where a line begins.

A head is what is left of a text without all but letters and digits: up to three signs, which are
`a` to `z`, `0` for any digit, `~` for a byte beyond ASCII, `$` where there are no more. A head of a
pattern may end in `?`, which stands for any signs.
"""

from __future__ import annotations

from collections.abc import Iterable

Heads = frozenset[str]

LENGTH = 3
SIGNS = "$abcdefghijklmnopqrstuvwxyz0~"
ANY: Heads = frozenset("?")
NOTHING: Heads = frozenset([""])
DIGIT: Heads = frozenset("0~")
_MOST = 400


def exactly(char: str) -> Heads:
    """Give the head of one character."""
    if char > "\x7f":
        return frozenset(["~" * min(LENGTH, len(char.encode()))])
    sign = char.lower()
    return frozenset(["0" if sign.isdigit() else sign if sign.isalpha() else ""])


def either(parts: Iterable[Heads]) -> Heads:
    """Give the heads of alternatives."""
    return _fewer(frozenset().union(*parts))


def joined(parts: Iterable[Heads]) -> Heads:
    """Give the heads of a sequence."""
    done: set[str] = set()
    going = set(NOTHING)
    for part in parts:
        going = {(one + other)[:LENGTH] for one in going for other in part}
        done |= {head for head in going if len(head) == LENGTH or head[-1:] == "?"}
        going -= done
        if len(done) + len(going) > _MOST:
            done, going = done | {head + "?" for head in going}, set()
        if not going:
            break
    return _fewer(frozenset(done | going))


def repeated(part: Heads, least: int, most: int | None) -> Heads:
    """Give the heads of something that comes so many times; `most` is None for any number."""
    if part == NOTHING:
        return part
    top = LENGTH if most is None else min(most, LENGTH)
    return either(joined([part] * times) for times in range(min(least, top), top + 1))


def signs(head: str) -> tuple[int, ...]:
    """Give the numbers of a head's signs, up to any `?`; `$` goes on to the end."""
    known = head.removesuffix("?")
    if known.endswith("$"):
        known = known.ljust(LENGTH, "$")
    return tuple(SIGNS.index(sign) for sign in known)


def _fewer(heads: Heads) -> Heads:
    """Shorten heads until there are not too many."""
    for length in range(LENGTH - 1, -1, -1):
        if len(heads) <= _MOST:
            return heads
        heads = frozenset(head if len(head) <= length else head[:length] + "?" for head in heads)
    return heads
