"""Carrying operations from a tablet to the county and back: codec, envelope, exchange, bundle."""
