"""Without a screen: the result goes to stdout, everything else to stderr."""
