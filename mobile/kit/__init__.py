"""The tablet's own widgets in plain Kivy: calm, large, readable, with nothing borrowed."""
