"""Mesh topology, pose, filters and the rasteriser; depends on nothing but numpy and numba."""
