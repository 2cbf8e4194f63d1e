"""The process of a trainer, as who starts it has it. Light to import: it is started before all else is loaded."""

from nnviz.child import start_child


class Worker:
    """A process that is ready to become a trainer: started before it is known what to train, since that takes time too.

    It ends when its connection closes, however that comes.
    """

    def __init__(self) -> None:
        self.connection, self.process = start_child("nnviz.remote.worker")

    def dismiss(self) -> None:
        """Let it end: there is nothing to train."""
        self.connection.close()
