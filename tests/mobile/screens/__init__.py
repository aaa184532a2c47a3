"""Tests that tap the real window, head-less, with pixels."""
