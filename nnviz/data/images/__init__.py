"""Image files, in folders of their own or not."""
