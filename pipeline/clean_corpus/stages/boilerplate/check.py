"""Hold rules to their examples: what each must remove, and what none may touch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from clean_corpus.lexicons import Lexicons, Rule, check_patterns
from clean_corpus.patterns import view
from clean_corpus.stages.boilerplate import context
from clean_corpus.stages.boilerplate.lexicon import Matcher
from clean_corpus.stages.boilerplate.lines import Lines, Proposal
from clean_corpus.text import Batch


def check(lexicons: Lexicons) -> list[str]:
    """Give a sentence for every example that does not hold; an empty list is what you want.

    Each rule must cut exactly what its `removes` mark, and no rule of any language may touch the
    `keeps` of any rule.
    """
    for rule in lexicons.rules:
        check_patterns(rule)
    return [*_removals(lexicons.rules), *_keeps(lexicons.rules)]


def _removals(rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        marked = [_marked(example) for example in rule.removes]
        found = _cuts((_alone(rule),), [text for text, _ in marked])
        for example, (_, wanted), cuts in zip(rule.removes, marked, found, strict=True):
            cut = [text for text, _ in cuts]
            if cut != wanted:
                yield f"{rule.origin()}: removes {cut} of {example!r}. Mend one of them."


def _keeps(rules: Sequence[Rule]) -> Iterator[str]:
    texts = [(text, rule) for rule in rules for text in rule.keeps]
    found = _cuts([*map(_alone, rules)], [text for text, _ in texts])
    for (text, owner), cuts in zip(texts, found, strict=True):
        for cut, rule_id in cuts:
            yield f"{owner.origin()}: keeps {text!r}, of which {rule_id} removes {cut!r}."


def _alone(rule: Rule) -> Rule:
    """Give a rule that an example is enough for: what stands beside it goes by other rules."""
    return rule._replace(where="") if rule.where == "beside" else rule


def _marked(example: str) -> tuple[str, list[str]]:
    """Split an example into its text and the views of what goes."""
    if "[[" not in example or "]]" not in example:
        return example, view.view(example, cased=True).split("\n")
    start, end = example.index("[["), example.rindex("]]")
    cut = example[start + 2 : end]
    text = example[:start] + cut + example[end + 2 :]
    return text, [view.view(cut, cased=True)]


def _cuts(rules: Sequence[Rule], texts: list[str]) -> list[list[tuple[str, str]]]:
    """Give, text by text, what the rules would cut of it, and which rule; votes count."""
    matcher = Matcher.of(Lexicons(tuple(rule._replace(source="") for rule in rules)))
    size = len(texts)
    batch = Batch(
        pa.array(texts, pa.large_string()),
        pa.array(["und"] * size),
        pa.nulls(size, pa.string()),
        pa.nulls(size, pa.string()),
    )
    lines = Lines.of(batch)
    out: list[list[tuple[str, str]]] = [[] for _ in texts]
    by_doc: dict[int, list[tuple[Proposal, Rule]]] = {}
    for pair in matcher.find(lines, batch):
        by_doc.setdefault(int(lines.folded.doc[pair[0].line]), []).append(pair)
    for doc, pairs in by_doc.items():
        first, last = int(lines.first[doc]), int(lines.first[doc + 1])
        found = context.Found(lines, first, last, pairs)
        votes = [proposal for proposal, rule in pairs if rule.votes]
        for proposal in sorted({*context.placed(found, set()), *votes}):
            text = lines.cased(proposal.line)[proposal.start : proposal.end].decode()
            out[doc].append((text.strip(" "), proposal.rule))
    return out
