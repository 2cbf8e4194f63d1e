"""The ground: a frame, its stages, what is looked at. NumPy and msgspec alone."""
