"""The county: front, core (ledger, verdicts, feed), console and administration."""
