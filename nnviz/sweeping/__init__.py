"""Many trainings of one plan: on the cores of this machine, or on a cluster."""
