"""`python -m assent` is the same as the `assent` command."""

from assent.entrypoints.cli.main import main

if __name__ == "__main__":
    main()
