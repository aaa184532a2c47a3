"""The bridge to the provincial platform: files in the national case-exchange form, both ways."""
