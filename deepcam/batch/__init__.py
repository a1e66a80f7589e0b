"""Files in, files out: one file, a folder in several processes, or a cluster; what is done is
remembered, so that a broken-off folder goes on."""
