"""The desktop app; the only room that imports Qt."""
