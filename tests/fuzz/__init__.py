"""Mutated real files, opened by every reader: nothing but data or an NnvizError may come out.

`python -m tests.fuzz --seconds 60 --seed 0`
"""
