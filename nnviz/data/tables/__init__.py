"""Tables: a row for each example."""
