"""Acts that every kind of citizens' record knows, rules version 1."""

from __future__ import annotations

from shared.cycle_table.step import ANY, OPEN, SAME, Step

DUNNING: tuple[Step, ...] = (
    Step("urge", "催办", (OPEN,), SAME),
    Step("supervise", "督办", (OPEN,), SAME),
    Step("answer_supervision", "答复催办督办", (OPEN,), SAME),
)
"""The county asks after a matter, asks again with weight, and who holds it answers."""


def common_steps(closed: tuple[str, ...]) -> tuple[Step, ...]:
    """Field acts and voiding. `closed`: states in which only the county corrects a record."""
    return (
        Step("amend", "修改", (OPEN,), SAME),
        Step("correct_record", "更正记录", closed, SAME),
        Step("attach", "添加附件", (OPEN,), SAME),
        Step("settle", "裁定冲突", (ANY,), SAME),
        Step("confirm_downgrade", "确认降级", (ANY,), SAME),
        Step("confirm_held", "确认待核操作", (ANY,), SAME),
        Step("declare_lost", "声明前序操作遗失", (ANY,), SAME),
        Step("purge", "清除个人信息", (ANY,), SAME),
        Step("void", "作废", tuple(s for s in (ANY,)), "作废"),
    )
