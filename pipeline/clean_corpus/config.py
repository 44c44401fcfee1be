"""The configuration: every option, its default, and what it means.

The descriptions are the reference: `configs/clean.toml` and the JSON Schema are made from them.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

#: What may be done with a span of a boilerplate class.
Action = Literal["remove", "metadata", "flag", "off"]


def _number(share: Decimal) -> float:
    """Do what `float` does; to learn its signature, pydantic would parse its manual."""
    return float(share)


# A share is compared as an exact ratio: 0.7 means 7/10, not the nearest binary fraction.
Share = Annotated[
    Decimal, Field(ge=0, le=1), PlainSerializer(_number, return_type=float, when_used="json")
]

#: The sets of rules that this version knows.
RULES = ("2026.1",)

#: Words in a row of which two texts are certain to find one another (`corpus.sharing.anchors`).
SHORTEST_PASSAGE = 15


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Input(_Section):
    """How files become records."""

    encoding: str = Field("", description='charset of every input byte; "" finds out per file')
    encodings: dict[str, str] = Field({}, description='charset by file: {"old/*.csv" = "cp1251"}')
    delimiter: str = Field("", description='between CSV fields; "" takes it from the header line')
    max_document_mb: int = Field(64, ge=1, description="a larger record is set aside as failed")


class Fields(_Section):
    """Where a record keeps what; a dotted path leads into nested objects."""

    text: str = Field("text", description="the article; a string or a list of paragraphs")
    html: str = Field("html", description="a page to extract the article from, without a text")
    id: str = Field("id", description="what documents are called in every output")
    title: str = Field("title", description="the headline; a copy of it in the text is boilerplate")
    source: str = Field("source", description="the site; by default the host of the url")
    url: str = Field("url", description="where the article was found")
    date: str = Field("date", description="when it was published; decides between copies")


class Extract(_Section):
    """Text from HTML (trafilatura, and the density of text)."""

    comments: bool = Field(False, description="keep the readers' comments")
    tables: bool = Field(True, description="keep the text of tables")
    focus: Literal["balanced", "precision", "recall"] = Field(
        "balanced", description="balanced, precision or recall: what to prefer in doubt"
    )
    max_page_mb: int = Field(16, ge=1, description="a larger page is set aside as failed")
    max_elements: int = Field(100_000, ge=1_000, description="so is one of more elements")
    max_depth: int = Field(2_000, ge=50, description="so is a page nested deeper than this")
    seconds: int = Field(20, ge=1, description="and one that takes longer, as a last resort")


class Encoding(_Section):
    """Damaged characters (ftfy)."""

    entities: bool = Field(True, description="decode HTML entities such as &eacute; in plain text")


class Boilerplate(_Section):
    """What is not part of the article."""

    rules: str = Field(RULES[-1], description="the set of rules; pin it to keep results the same")
    lexicons: list[str] = Field([], description="lexicon files of your own, read after the shipped")
    disable: list[str] = Field([], description='rules to leave out: ["fr.newsletter-plea"]')
    protect: list[str] = Field([], description="patterns in any case; what they match is never cut")
    learned: str = Field(
        "auto", description='"auto" learns each source\'s own lines, "off" does not, or a lexicon'
    )
    max_share: Share = Field(
        Decimal("0.5"), description="cut more of a text than this, and all its cuts become flags"
    )
    odds: int = Field(
        80, ge=1, description="to one, that a line around a page's article is furniture, to cut it"
    )
    actions: dict[str, Action] = Field(
        {}, description='by class: {image_caption = "flag"}; remove, metadata, flag or off'
    )
    sources: dict[str, dict[str, Action]] = Field(
        {}, description='the same for one source: {"example.org" = {byline = "off"}}'
    )


class Learn(_Section):
    """Lines that one source repeats."""

    min_articles: int = Field(8, ge=3, description="distinct articles that must hold the line")
    min_share: Share = Field(
        Decimal("0.01"), description="and their share of the source's articles"
    )


class Whitespace(_Section):
    """Blanks, line ends and invisible characters."""

    blank_lines: int = Field(1, ge=0, le=3, description="empty lines kept between paragraphs")


class Language(_Section):
    """Which language a text is in (langdetect's profiles, and CLD2 where they leave a doubt)."""

    detect: bool = Field(True, description='false saves the time: every kept text is "und"')
    languages: list[str] = Field([], description='choose among these only: ["fr", "en"]; [] is all')
    filter: bool = Field(False, description="remove documents that are in none of them")
    min_letters: int = Field(3, ge=1, description='fewer letters than this are "und"')


class Limits(_Section):
    """When a document leaves the corpus, and when a run is not good enough."""

    min_chars: int = Field(1, ge=0, description="shorter cleaned texts are removed as too-short")
    max_chars: int = Field(0, ge=0, description="longer ones as too-long; 0 is no limit")
    max_failed: Share = Field(Decimal("0.02"), description="exit 1 if a larger share failed")
    max_removed: Share = Field(Decimal("0.9"), description="exit 1 if a larger share was removed")
    max_removed_per_source: Share = Field(
        Decimal("0.98"), description="the same within a source that has 100 documents or more"
    )


class Dedup(_Section):
    """Exact and near-duplicates (MinHash), shared passages and texts inside others."""

    exact: bool = Field(True, description="remove texts that are equal but for white space")
    near: bool = Field(True, description="remove texts whose shingles are nearly the same")
    threshold: Share = Field(Decimal("0.55"), gt=0, description="Jaccard from which two are copies")
    witness: Share = Field(
        Decimal("0.4"), gt=0, description="least Jaccard of a removed text with the one kept"
    )
    shingle: int = Field(3, ge=1, le=16, description="words in a shingle")
    permutations: int = Field(128, ge=16, le=1024, description="length of a signature, at most")
    bands: int = Field(
        0, ge=0, le=512, description="of a signature; 0 follows from the next option"
    )
    recall: Share = Field(
        Decimal("0.995"), gt=0, lt=1, description="of pairs just at the threshold, to be found"
    )
    seed: int = Field(
        1, ge=0, lt=1 << 32, description="of the permutations, as datasketch draws them"
    )
    hash: Literal["fast", "sha1"] = Field("fast", description="sha1 gives datasketch's own values")
    keep: list[Literal["source", "earliest", "latest", "longest"]] = Field(
        ["source", "earliest", "longest"], description="which copy stays: the first that decides"
    )
    prefer: list[str] = Field([], description="sources in order of preference, for keep = source")
    clusters: Literal["witness", "components"] = Field(
        "witness", description="witness: each removed text is a copy of a kept one; no chains"
    )
    max_bucket: int = Field(
        128, ge=8, description="in larger buckets, signatures choose the pairs that are verified"
    )
    passages: Literal["off", "report", "remove"] = Field(
        "report", description="what other sources have too; remove leaves it to the first"
    )
    passage_words: int = Field(
        16, ge=SHORTEST_PASSAGE, description="words that such a passage has at least"
    )
    contained: Literal["off", "report", "remove"] = Field(
        "report", description="texts that stand in a longer one, abridged or embedded"
    )
    containment: Share = Field(
        Decimal("0.8"), gt=0, description="share of a text's shingles that the longer one has"
    )


class Output(_Section):
    """What is written."""

    mode: Literal["remove", "mark", "ids"] = Field(
        "remove", description="mark keeps every document; ids writes ids and no records"
    )
    to: Literal["", "jsonl", "jsonl.gz", "jsonl.zst", "parquet"] = Field(
        "", description='one file of this format; "" keeps the names and formats of the input'
    )
    clean_field: str = Field("clean", min_length=1, description="the object added to each record")


class Run(_Section):
    """How the work is carried out; no option here changes a result."""

    executor: Literal["local", "ray"] = Field("local", description="where tasks run")
    address: str = Field("", description='of the Ray cluster; always explicit, "local" starts one')
    workers: int = Field(0, ge=0, description="processes; 0 is one for each core at hand")
    memory: int = Field(
        1000, ge=100, description="megabytes that a process may take to find copies, about"
    )
    retries: int = Field(2, ge=0, description="of a task whose worker died")


class Config(_Section):
    """Everything a run can be told."""

    stages: list[str] = Field(
        ["encoding", "boilerplate", "whitespace"],
        description='in this order; "mypkg.mod:function" adds one of your own (str to str)',
    )
    input: Input = Input()
    fields: Fields = Fields()
    extract: Extract = Extract()
    encoding: Encoding = Encoding()
    boilerplate: Boilerplate = Boilerplate()
    learn: Learn = Learn()
    whitespace: Whitespace = Whitespace()
    language: Language = Language()
    limits: Limits = Limits()
    dedup: Dedup = Dedup()
    output: Output = Output()
    run: Run = Run()


def ratio(share: Decimal) -> tuple[int, int]:
    """Give a share as numerator and denominator: thresholds are compared as integers."""
    fraction = Fraction(share)
    return fraction.numerator, fraction.denominator


def as_json(config: Config) -> dict[str, Any]:
    """Give the configuration as plain JSON values, for keys, summaries and workers."""
    return config.model_dump(mode="json")
