"""Runs together, whoever trained them: what a list tells of them, and their curves over each other. No screen here."""
