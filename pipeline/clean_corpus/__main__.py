"""`python -m clean_corpus`, and its script: the command line, which workers need not import."""

import os


def main() -> None:
    """Run the command line."""
    # numpy would start a thread for each core, for linear algebra, of which there is none here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # pydantic would read about every installed package, to find plugins of its own.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from clean_corpus.memory import settle

    settle()
    from clean_corpus import cli

    cli.main()


if __name__ == "__main__":
    main()
