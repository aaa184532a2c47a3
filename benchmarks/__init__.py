"""One run each, with the floor beside it: see the docstring of each module."""
