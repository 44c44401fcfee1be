"""`python -m clean_corpus`, and its script: the command line, which workers need not import."""


def main() -> None:
    """Run the command line."""
    from clean_corpus import cli

    cli.main()


if __name__ == "__main__":
    main()
