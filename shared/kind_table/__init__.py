"""The record kinds as tables, one group per module. Read them through `shared.kinds`."""
