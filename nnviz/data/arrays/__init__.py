"""Files of arrays: pictures or numbers, ready to be read."""
