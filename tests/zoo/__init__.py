"""Networks made ill on purpose, and healthy ones: what the rules of health have to find, and what to leave alone."""
