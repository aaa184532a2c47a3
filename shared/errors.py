"""The root of every declared error of the product.

A message is one clear sentence, in Chinese, that says what the person can do next. Code catches the
narrow classes; command line and screens catch `BianminError` and show its message.
"""

from __future__ import annotations


class BianminError(Exception):
    """Root of all declared errors. `str(error)` is the sentence a person reads."""


class Refused(BianminError):
    """What was asked for is understood and not allowed (command line: exit code 1)."""


class Misuse(BianminError):
    """The call itself is wrong: a missing or malformed argument (command line: exit code 2)."""
