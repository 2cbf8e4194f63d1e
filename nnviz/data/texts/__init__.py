"""Texts, as counts of n-grams."""
