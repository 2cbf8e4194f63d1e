"""What other tools wrote about their trainings: one reader a format, each of which gives runs and their series."""
