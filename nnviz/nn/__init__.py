"""The mathematics: NumPy and nothing else."""
