"""Examples with their targets."""
