"""The recipe: what is looked at before a network is trained for long."""
