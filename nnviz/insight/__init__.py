"""What a frame means."""
