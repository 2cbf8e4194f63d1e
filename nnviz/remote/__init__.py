"""The trainer in a process of its own; requests in, frames out."""
