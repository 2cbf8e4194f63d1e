"""What archives and file managers leave behind. Light to import."""

LITTER = {"__macosx", "thumbs.db", "desktop.ini"}


def is_litter(name: str) -> bool:
    """Whether a file or folder of that name is never looked at: so is whatever is hidden."""
    return name.startswith(".") or name.lower() in LITTER
