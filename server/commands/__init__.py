"""The commands of `bianmin county`, by what they are for."""
