"""The language everybody speaks: operations, records, life cycles, deadlines, identity, folding.

Pure functions and data. Nothing in this room reads a clock, draws a random number, opens a file of
the user's, speaks SQL or touches the network: those come in as arguments.
"""
