"""The directory of a run: what is kept of it, and how it is had again."""
