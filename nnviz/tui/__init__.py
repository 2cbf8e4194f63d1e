"""The screen: a frame of a training, and runs together."""

import os

# Textual waits up to a frame's time before it paints; a key is to be answered within a few milliseconds. It reads this
# when it is imported.
os.environ.setdefault("TEXTUAL_FPS", "1000")
