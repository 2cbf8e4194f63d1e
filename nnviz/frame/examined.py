"""What a frame has of an example that was never trained on, while one is looked at."""

import msgspec


class Examined(msgspec.Struct, frozen=True):
    """Where the example comes from.

    split  that it belongs to: test or validation; `ExampleView.number` is its place there
    place  among the `count` examples that were opened together, from 0
    """

    split: str
    place: int
    count: int
