"""Change: an option that a run is to have otherwise from a training step on."""

import msgspec


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From the beginning of training step `step`, from 0, on, the key at `key`, such as `training.clip`, is `value`.

    Without a value the key has none from there on.
    """

    step: int
    key: str
    value: int | float | tuple[str, ...] | None = None
