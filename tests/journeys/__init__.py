"""A person's day with real processes, sockets and files; also `make run` and `make demo`."""
