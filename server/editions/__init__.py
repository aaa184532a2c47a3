"""目录与日历: editions of the item catalogue and of the holiday calendar.

A draft is worked on (`drafts`), proposed and approved by a second person (`approving`); a published
edition is an operation that every tablet gets. What follows from one: fees to give back (`refunds`)
and due dates counted anew (`recounting`).
"""
