"""The visualizer: a frame on a screen."""
