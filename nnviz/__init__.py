"""nnviz: a microscope for neural-network training that lives in a terminal."""

__version__ = "0.1.0"
