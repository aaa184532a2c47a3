"""The house rules, kept by tests instead of by a page."""
