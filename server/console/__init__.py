"""The console: pages for the county's staff, and the citizen's progress query at /q."""
