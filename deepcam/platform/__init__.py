"""What differs between operating systems and desktops: hotkeys, start at login. No Qt."""
