"""The county's figures (DOMAIN.md §2): definitions, facts, counting."""
