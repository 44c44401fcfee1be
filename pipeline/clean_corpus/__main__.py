"""`python -m clean_corpus`: the command line without its script."""

from clean_corpus.cli import main

if __name__ == "__main__":
    main()
