"""The built-in examples, drawn by code."""
