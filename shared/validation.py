"""Validation."""

from __future__ import annotations

from collections.abc import Mapping

from shared.canonical import Value
from shared.errors import BianminError


class InvalidField(BianminError):
    """A value a field does not take; `field` is its name, `label` its Chinese word."""

    def __init__(self, field: str, label: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.label = label


def validate(kind: str, act: str, data: Mapping[str, object]) -> dict[str, Value]:
    """Check and normalise the data of one act on one record; raises InvalidField alone."""
    raise NotImplementedError
