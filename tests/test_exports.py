"""What the package offers to the world, and what it costs to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import clean_corpus


def test_public_names() -> None:
    assert clean_corpus.__all__ == ["Edit", "Result", "__version__", "clean", "undo"]
    for name in clean_corpus.__all__:
        assert getattr(clean_corpus, name) is not None


def test_public_names_survive_the_import_of_modules() -> None:
    import clean_corpus.cli
    import clean_corpus.commands.undo

    assert callable(clean_corpus.undo)
    assert callable(clean_corpus.clean)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'cleen'"):
        _ = clean_corpus.cleen


def test_the_configs_are_found() -> None:
    assert (clean_corpus.configs() / "clean.toml").is_file()


def test_the_version_is_the_distributions() -> None:
    import tomllib

    project = Path(__file__).parent.parent / "pyproject.toml"
    assert clean_corpus.__version__ == tomllib.loads(project.read_text())["project"]["version"]


@pytest.mark.parametrize("module", ["clean_corpus", "clean_corpus.cli"])
def test_imports_are_light(module: str) -> None:
    code = (
        f"import sys, {module}\n"
        "heavy = {'numpy', 'pyarrow', 'numba', 'trafilatura', 'datasketch', 'ftfy',\n"
        "         'langdetect', 'jinja2', 'rich', 're2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    assert found.stdout.strip() == b"[]"


def test_a_small_run_imports_only_what_it_needs(tmp_path: Path) -> None:
    source = tmp_path / "small.jsonl"
    source.write_text('{"id": "heron", "text": "A heron waits by the weir all day."}\n' * 3)
    code = (
        "import sys\nfrom clean_corpus.__main__ import main\n"
        "try:\n    main()\nfinally:\n"
        "    heavy = {'numba', 'scipy', 'trafilatura', 'lxml', 'ftfy', 'chardet', 'rich',\n"
        "             'fastwarc', 'pyarrow.parquet', 'multiprocessing', 'importlib.metadata'}\n"
        "    print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "run", "-q", str(source), "-o", str(tmp_path / "out")]
    for _ in range(2):  # the first may have to make what is kept for the second
        found = subprocess.run([*command, "--fresh"], capture_output=True, check=True)
    assert found.stdout.strip() == b"[]"
    command[2] = code.replace("'numba'", "'numba', 'numpy', 'pyarrow'")
    found = subprocess.run(command, capture_output=True, check=True)
    assert found.stdout.strip() == b"[]", "there is nothing to do, and no engine for it"
