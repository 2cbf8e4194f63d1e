"""`python -m nnviz`, the same as `nnviz`."""

from nnviz.cli import main

if __name__ == "__main__":
    main()
