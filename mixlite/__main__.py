"""`python -m mixlite` is the same as the `mixlite` command."""

from mixlite.app.cli import main

if __name__ == "__main__":
    main()
