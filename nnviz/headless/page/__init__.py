"""A report of runs as one file of HTML that opens anywhere, with nothing loaded from elsewhere."""
