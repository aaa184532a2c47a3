"""Enrolment messages: a tablet proves its keys, the county answers under its own.

Both screens show the same six digits, computed at each end from the keys it saw. Somebody in
between who exchanges keys would have to find some with the same digits; each try costs
SHORT_CODE_ROUNDS rounds of PBKDF2 (RFC 8018), about 0.05 s, and the one-time code lapses first.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shared.operation import Bytes32
from sync.keys import SIGNATURE_BYTES, BadSignature, SigningKey, verify
from sync.messages import Code, Message

TAG = b"bianmin.enrol.1\0"
ANSWER_TAG = b"bianmin.enrolled.1\0"
SHORT_CODE_ROUNDS = 200_000
_PROOF_BYTES = 2 * SIGNATURE_BYTES

ShortName = Annotated[str, Meta(max_length=64)]


class EnrolRequest(Message, frozen=True):
    """`POST /v1/enrol`: the public keys of tablet and agent, proved by both private keys."""

    MAGIC: ClassVar[bytes] = b"BMN1"
    SIZE_MAX: ClassVar[int] = 4 << 10

    code: Code
    """The one-time code of the invitation."""
    device_name: ShortName
    signing_public: Bytes32
    sealing_public: Bytes32
    agent_name: ShortName
    agent_public: Bytes32
    proof: Annotated[bytes, Meta(max_length=_PROOF_BYTES)] = b""
    """Signature by the device's key, then by the agent's, over everything above."""

    def proved(self, device_key: SigningKey, agent_key: SigningKey) -> EnrolRequest:
        """Return the request with its proof."""
        message = self._unproved().encode()
        proof = device_key.sign(TAG, message) + agent_key.sign(TAG, message)
        return msgspec.structs.replace(self, proof=proof)

    def require_proof(self) -> None:
        """Return if both keys signed; else raise BadSignature."""
        if len(self.proof) != _PROOF_BYTES:
            raise BadSignature("注册请求没有密钥证明，请在平板上重新注册。")
        message = self._unproved().encode()
        verify(self.signing_public, TAG, message, self.proof[:SIGNATURE_BYTES])
        verify(self.agent_public, TAG, message, self.proof[SIGNATURE_BYTES:])

    def short_code(self, root_public: bytes) -> str:
        """Return the six digits both screens show. Takes about 0.05 s on purpose."""
        seen = root_public + self.signing_public + self.sealing_public + self.agent_public
        digest = hashlib.pbkdf2_hmac("sha256", seen, self.code.encode(), SHORT_CODE_ROUNDS)
        return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"

    def _unproved(self) -> EnrolRequest:
        return msgspec.structs.replace(self, proof=b"")


class EnrolResponse(Message, frozen=True):
    """The county's answer, signed by the core."""

    MAGIC: ClassVar[bytes] = b"BMD1"
    SIZE_MAX: ClassVar[int] = 96 << 10

    state: Literal["active", "waiting"]
    device: ShortName
    short_code: ShortName
    site: ShortName
    agent: ShortName
    role: ShortName
    card: Annotated[bytes, Meta(max_length=64 << 10)]
    signature: Annotated[bytes, Meta(max_length=SIGNATURE_BYTES)] = b""

    def signed(self, request: EnrolRequest, core_key: SigningKey) -> EnrolResponse:
        """Return the answer signed as the answer to exactly this request."""
        signature = core_key.sign(ANSWER_TAG, self._covered(request))
        return msgspec.structs.replace(self, signature=signature)

    def require_signed(self, request: EnrolRequest, core_public: bytes) -> None:
        """Return if this county answered exactly this request; else raise BadSignature."""
        verify(core_public, ANSWER_TAG, self._covered(request), self.signature)

    def _covered(self, request: EnrolRequest) -> bytes:
        unsigned = msgspec.structs.replace(self, signature=b"")
        return hashlib.sha256(request.encode()).digest() + unsigned.encode()
