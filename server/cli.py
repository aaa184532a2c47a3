"""`bianmin county …`: the group of all commands at the county."""

from __future__ import annotations

import click

from server.commands import bridge, keep, manage, months, work


@click.group("county")
def county() -> None:
    """县级：建库、收件、入账、冲突处理、报表。"""


for _command in (
    manage.init,
    manage.load,
    manage.serve,
    manage.invite,
    manage.approve,
    manage.suspend,
    manage.revoke,
    manage.staff,
    work.import_,
    work.conflicts,
    work.pairs,
    work.held,
    work.devices,
    work.settle,
    work.judge,
    work.report,
    work.run_due,
    bridge.bridge,
    months.close_month,
    months.bulletin,
    months.year_table,
    keep.verify,
    keep.rebuild,
    keep.export,
    keep.backup,
    keep.restore,
):
    county.add_command(_command)
