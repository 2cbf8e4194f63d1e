"""A trained network in the forms that other programs take: a file for each form."""
