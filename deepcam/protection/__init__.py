"""What has to be hidden, decided anew for every frame, and hidden before anything else happens: the
fail-closed guard, the silhouettes of people, erasure, opaque covers, and pictures of which nothing
can be told."""
