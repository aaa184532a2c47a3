"""The core of the county: judging, landing, pages, decisions and books, on real databases."""
