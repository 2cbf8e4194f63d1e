"""The commands, some to a file; what one needs is imported inside it, so that help comes at once."""
