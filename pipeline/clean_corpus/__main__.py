"""`python -m clean_corpus`, and its script: the command line, which workers need not import."""

import os


def main() -> None:
    """Run the command line."""
    # numpy would start a thread for each core, for linear algebra, of which there is none here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from clean_corpus.memory import left_at_once, settle

    settle()
    with left_at_once():
        from clean_corpus import cli

        cli.main()


if __name__ == "__main__":
    main()
