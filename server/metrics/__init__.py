"""The county's figures M1 to M8 (DOMAIN.md §2): definitions, facts, counting."""
