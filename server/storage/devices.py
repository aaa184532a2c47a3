"""Devices, agents on them, and the invitations they came by."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from server.schema import agents, devices, invitations, judgements, operations, streams
from server.storage.access import Access
from server.storage.heads import ACTS
from server.storage.rows import Agent, Device, Invitation, LastWork

_d = devices.c


class Devices(Access):
    """Who may bring envelopes. The front keeps a copy of the public keys only."""

    def put_device(self, row: Device) -> None:
        """Write a device; raise AlreadyThere if its short code belongs to another one."""
        self._upsert(devices, [row])

    def device(self, device: bytes) -> Device | None:
        """Return a device by its 8-byte key id."""
        return self._row(Device, self._select(devices).where(_d.device == device))

    def device_by_code(self, short_code: str) -> Device | None:
        """Return a device by the short code in its slip numbers."""
        return self._row(Device, self._select(devices).where(_d.short_code == short_code))

    def devices(
        self, *, site: str | None = None, states: Collection[str] | None = None
    ) -> list[Device]:
        """Return devices in the order they were enrolled."""
        statement = self._select(devices)
        if site is not None:
            statement = statement.where(_d.site == site)
        if states is not None:
            statement = statement.where(self._among(_d.state, states))
        return self._rows(Device, statement.order_by(_d.enrolled_at, _d.device))

    def cut_devices(self) -> set[bytes]:
        """Return the devices whose stream is cut though they are in use: a fork was found."""
        forked = select(streams.c.device).where(
            streams.c.county == self.county, streams.c.branch == 0, streams.c.cut_seq.is_not(None)
        )
        active = select(_d.device).where(_d.county == self.county, _d.state == "active")
        found = self.connection.execute(active.where(_d.device.in_(forked)))
        return {row[0] for row in found}

    def last_work(self) -> dict[bytes, LastWork]:
        """Return the last operation of every device's stream of acts."""
        s, o, j = streams.c, operations.c, judgements.c
        # Looked up stream by stream: as a join, SQLite begins with the whole ledger.
        newest = (
            select(o.id)
            .where(o.county == s.county, o.stream == s.stream, o.branch == s.branch, o.seq == s.seq)
            .correlate(streams)
            .scalar_subquery()
        )
        each = select(s.device, newest).where(
            s.county == self.county, s.purpose == ACTS, s.branch == 0
        )
        device = {row[1]: row[0] for row in self.connection.execute(each) if row[1] is not None}
        found = self._found([o.id, o.record, o.skeleton, o.received_at], o.id, list(device))
        judged = self._found([j.operation, j.effective_at], j.record, {row[1] for row in found})
        counted = {row[0]: row[1] for row in judged}
        return {
            device[one]: LastWork(device[one], skeleton, received_at, counted[one])
            for one, _, skeleton, received_at in sorted(found, key=lambda row: row[3])
            if one in counted
        }

    def seen_device(self, device: bytes, at: int, app_version: str | None = None) -> None:
        """Note when a device was last heard of, and what version it runs."""
        values: dict[str, object] = {"last_seen_at": at}
        if app_version is not None:
            values["app_version"] = app_version
        self.connection.execute(self._update(devices).where(_d.device == device).values(**values))

    def put_agent(self, row: Agent) -> None:
        """Write an agent on a device; raise NotThere if the device does not exist."""
        self._upsert(agents, [row])

    def agent(self, agent: str, device: bytes) -> Agent | None:
        """Return an agent with the key it holds on one device."""
        statement = self._select(agents).where(agents.c.agent == agent, agents.c.device == device)
        return self._row(Agent, statement)

    def agents(self, *, agent: str | None = None, device: bytes | None = None) -> list[Agent]:
        """Return agents: all, one agent's tablets, or one tablet's agents."""
        statement = self._select(agents)
        if agent is not None:
            statement = statement.where(agents.c.agent == agent)
        if device is not None:
            statement = statement.where(agents.c.device == device)
        return self._rows(Agent, statement.order_by(agents.c.agent, agents.c.enrolled_at))

    def add_invitation(self, row: Invitation) -> None:
        """Enter a new invitation."""
        self._insert(invitations, [row])

    def invitation(self, invitation: bytes) -> Invitation | None:
        """Return an invitation by the hash of its code."""
        statement = self._select(invitations).where(invitations.c.invitation == invitation)
        return self._row(Invitation, statement)

    def open_invitations(self, at: int) -> list[Invitation]:
        """Return the invitations that nobody has used and that still hold, the newest first."""
        i = invitations.c
        statement = self._select(invitations).where(i.used_at.is_(None), i.expires_at > at)
        return self._rows(Invitation, statement.order_by(i.made_at.desc(), i.invitation))

    def end_invitation(self, invitation: bytes, at: int) -> bool:
        """Let an unused invitation lapse now; False if unknown, used or lapsed before."""
        i = invitations.c
        done = self.connection.execute(
            self._update(invitations)
            .where(i.invitation == invitation, i.used_at.is_(None), i.expires_at > at)
            .values(expires_at=at)
        )
        return done.rowcount == 1

    def use_invitation(self, invitation: bytes, at: int) -> bool:
        """Mark an invitation as used; False if unknown or used before. Expiry is the caller's."""
        i = invitations.c
        done = self.connection.execute(
            self._update(invitations)
            .where(i.invitation == invitation, i.used_at.is_(None))
            .values(used_at=at)
        )
        return done.rowcount == 1
