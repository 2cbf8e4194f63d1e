"""A Lightning training, watched: `Trainer(callbacks=[Watch()])` of `lightning.pytorch`. Needs Lightning 2."""

from lightning.pytorch.callbacks import Callback

from nnviz.live.lightning_fits import WatchesFits


class Watch(WatchesFits, Callback):
    """Watches each `fit`, as `WatchesFits` says."""
