"""A Lightning training, watched: `Trainer(callbacks=[Watch()])` of `pytorch_lightning`. Needs Lightning 2.

That package has the classes of `lightning.pytorch` again, and is installed without it.
"""

from pytorch_lightning.callbacks import Callback

from nnviz.live.lightning_fits import WatchesFits


class Watch(WatchesFits, Callback):
    """Watches each `fit`, as `WatchesFits` says."""
