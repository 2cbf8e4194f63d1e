"""The screen in a browser, for whoever has no terminal. Needs the extra `serve`."""
