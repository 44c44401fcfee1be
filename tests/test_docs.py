"""The documents: they name all there is, lead where they say, and show what really happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

import clean_corpus
from clean_corpus import cli, lexicons, settings
from clean_corpus.config import Boilerplate, Config, is_section
from clean_corpus.errors import CleaningError
from clean_corpus.formats import cleaned
from clean_corpus.settings import starter
from clean_corpus.stages import boilerplate

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
OUTPUTS = ROOT / "docs" / "outputs.md"
FOLDERS = (ROOT, ROOT / "docs", ROOT / "sample_corpus")
DOCUMENTS = sorted(path for folder in FOLDERS for path in folder.glob("*.md"))


class Block(NamedTuple):
    """A fenced block: what stands behind the fence, and its lines."""

    kind: str
    text: str


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, kind: str) -> list[Block]:
    """Give the fenced blocks of a document whose kind begins with these words."""
    found = re.findall(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", read(path), re.MULTILINE)
    return [
        Block(name, re.sub(f"^{indent}", "", text, flags=re.MULTILINE))
        for indent, name, text in found
        if name.startswith(kind)
    ]


def the(path: Path, kind: str) -> str:
    """Give the text of the only block of a kind."""
    (block,) = blocks(path, kind)
    return block.text


class TestNothingIsLeftOut:
    @pytest.mark.parametrize("name", cli.COMMANDS)
    def test_every_command_has_an_example(self, name: str) -> None:
        assert re.search(rf"clean-corpus {name}\b", read(README))

    @pytest.mark.parametrize("name", cli.COMMANDS)
    def test_every_option_has_an_example(self, name: str) -> None:
        for names, _ in cli.COMMANDS[name].options:
            option = max(names, key=len)
            if option.startswith("--"):
                shown = rf"`[^`\n]*{option}\b|^(\$|clean-corpus) .*{option}\b"
                assert re.search(shown, read(README), re.MULTILINE), option

    def test_every_option_of_run_is_in_the_table(self) -> None:
        options = {name for names, _ in cli.COMMANDS["run"].options for name in names}
        for option in options - {"inputs"}:
            assert f"`{option}" in read(README)

    def test_every_option_of_the_config_is_in_the_file(self) -> None:
        written = tomllib.loads(read(ROOT / "configs" / "clean.toml"))
        for name, section in Config()._asdict().items():
            if is_section(section):
                assert tuple(written[name]) == section._fields
            else:
                assert name in written
        assert read(ROOT / "configs" / "clean.toml") == starter.toml()

    @pytest.mark.parametrize("name", [path.stem for path in (ROOT / "configs").glob("*.toml")])
    def test_every_config_is_right_and_named(self, name: str) -> None:
        settings.load(str(ROOT / "configs" / f"{name}.toml"))
        assert f"configs/{name}.toml" in read(README)

    def test_every_exit_code(self) -> None:
        codes = {kind.exit_code for kind in CleaningError.__subclasses__()}
        for code in (0, *codes, 3, 130):
            assert f"\n| {code} | " in read(README)

    def test_every_key_of_a_rule(self) -> None:
        learned = {"source", "text", "count", "articles", "examples"}
        (table,) = re.findall(r"\| key of a rule \|.*\n((?:\|.*\n)+)", read(CONTRIBUTING))
        cells = " ".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))
        named = set(re.findall(r"`(\w+)`", cells))
        assert named == set(lexicons._KINDS) - learned

    def test_every_class_and_member_of_clean(self) -> None:
        text = read(OUTPUTS)
        for name in (*lexicons.CLASSES, *cleaned.names(mark=True)):
            assert f"`{name}`" in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", read(path)):
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        assert there.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", read(there), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(path: Path) -> None:
    folders = "configs|docs|pipeline|tests|sample_corpus|benchmarks"
    for name in re.findall(rf"`((?:{folders})/[\w./-]*\w)`", read(path)):
        assert list(ROOT.glob(name)), name


@pytest.fixture(scope="module")
def result() -> clean_corpus.Result:
    before = the(README, "text before").removesuffix("\n")
    return clean_corpus.clean([{"id": "lock", "text": before}])


class TestTheArticleOnTheFirstScreen:
    def test_what_is_left(self, result: clean_corpus.Result) -> None:
        assert result.kept[0]["text"] == the(README, "text after").removesuffix("\n")

    def test_the_ledger(self, result: clean_corpus.Result) -> None:
        shown = [json.loads(line) for line in the(README, "json ledger").splitlines()]
        assert len(shown) == 3
        for line in shown:
            assert line in result.edits

    def test_what_became_fields(self, result: clean_corpus.Result) -> None:
        assert result.kept[0]["clean"]["site"] == "Lockside Post"
        assert result.kept[0]["clean"]["tags"] == ["bakery", "lock", "bread"]


def test_the_example_of_options(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(the(README, "toml options"), "utf-8")
    settings.load(str(tmp_path / "my.toml"))


def test_the_python_example(capsys: pytest.CaptureFixture[str]) -> None:
    exec(the(README, "python"), {})
    assert capsys.readouterr().out == the(README, "text output")


class Workplace(NamedTuple):
    """A folder like a checkout, with an environment that has the tool already."""

    folder: Path
    environment: dict[str, str]

    def run(self, command: str) -> str:
        """Run a line of the README; give all that it prints."""
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        # On a busy machine a run says how far it is.
        return re.sub(r"(?m)^\w+: \d+ done\n", "", done.stdout)


def furnished(folder: Path) -> Workplace:
    """Put into a folder what the examples work on."""
    for name in ("Makefile", "clean-corpus.mk", "sample_corpus", "configs"):
        (folder / name).symlink_to(ROOT / name)
    article = {"id": "lock", "text": the(README, "text before").removesuffix("\n")}
    (folder / "articles.jsonl").write_text(json.dumps(article) + "\n", "utf-8")
    (folder / "mine.toml").write_text("# mine\n[dedup]\ntreshold = 0.7\n", "utf-8")
    environment = {
        # These tests may themselves be run by make, which would then say where it enters.
        **{name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        "CLEAN_CORPUS_PYTHON": sys.executable,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return Workplace(folder, environment)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return furnished(tmp_path_factory.mktemp("checkout"))


def replayed(workplace: Workplace) -> str:
    """Give the README with what its shell examples print now; those that show nothing only run.

    They build on one another, so they run in order.
    """
    text = read(README)
    for block in blocks(README, "console"):
        command, _, shown = block.text.removeprefix("$ ").partition("\n")
        found = workplace.run(command)
        assert shown or "done: " in found, f"`{command}` prints:\n{found}"
        text = text.replace(block.text, f"$ {command}\n{found if shown else ''}")
    return text


def test_the_shell_examples(workplace: Workplace) -> None:
    assert replayed(workplace) == read(README), "read this, then: python tests/test_docs.py"


def test_the_outputs_are_all_described(workplace: Workplace) -> None:
    out = workplace.folder / "out"
    if not out.is_dir():
        workplace.run("make clean-corpus")
    text = read(OUTPUTS)
    tree = blocks(OUTPUTS, "")[0].text
    assert {path.name for path in out.iterdir()} == {
        line.split()[0].rstrip("/") for line in tree.splitlines()[1:]
    }
    for path in out.glob("*.jsonl"):
        section = text.partition(f"\n## {path.name}\n")[2].partition("\n## ")[0]
        lines = read(path) + read(ROOT / "sample_corpus" / "expected" / path.name)
        names = {name for line in lines.splitlines() for name in json.loads(line)}
        assert names
        assert {name for name in names if f"`{name}`" not in section} == set()
    section = text.partition("\n## summary.json\n")[2].partition("\n## ")[0]
    for name in json.loads(read(out / "summary.json")):
        assert f"`{name}`" in section, name
    (path,) = out.rglob("archive.csv")
    csv = read(path).partition("\n")[0]
    for column in re.split("[;,]", csv):
        assert not column.startswith("clean_") or f"`{column}`" in text


class TestContributing:
    def test_the_lexicon_is_right(self, tmp_path: Path) -> None:
        (block,) = [x for x in blocks(CONTRIBUTING, "toml") if "[[rules]]" in x.text]
        (tmp_path / "cy.toml").write_text(block.text, "utf-8")
        found = lexicons.load(Boilerplate(lexicons=[str(tmp_path / "cy.toml")]))
        assert found.find("cy.newsletter-plea").flags
        assert found.find("cy.credit").flags
        assert [fault for fault in boilerplate.check(found) if "cy." in fault] == []

    def test_the_stage_works(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "mypkg").mkdir()
        (tmp_path / "mypkg" / "mod.py").write_text(the(CONTRIBUTING, "python"), "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        (block,) = [x for x in blocks(CONTRIBUTING, "toml") if x.text.startswith("stages")]
        config = settings.of(tomllib.loads(block.text))
        result = clean_corpus.clean([{"id": "a", "text": "The lake*** froze."}], config)
        assert result.kept[0]["text"] == "The lake froze."
        assert [edit["rule"] for edit in result.edits] == ["mypkg.mod:without_stars"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        README.write_text(replayed(furnished(Path(name))), "utf-8")
