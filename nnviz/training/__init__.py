"""One run through time."""
