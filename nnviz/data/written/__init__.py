"""Built-in examples, written for this project."""
