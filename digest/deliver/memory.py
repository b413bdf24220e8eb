"""Messages kept in a list: for tests, ours and those of anybody who builds on the digest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from digest.deliver.settings import DeliverySettings
from digest.model.delivery import DeliveryState, Message, Outcome

Answer = Callable[[Message], Outcome]


def take(message: Message) -> Outcome:  # noqa: ARG001, it takes any
    return Outcome(state=DeliveryState.SUBMITTED)


class MemoryBackend:
    """`messages` holds what was taken over, oldest first. `answer` plays the server; it may raise PausedError."""

    def __init__(
        self,
        settings: DeliverySettings | None = None,  # noqa: ARG002, the contract
        environ: Mapping[str, str] | None = None,  # noqa: ARG002
        *,
        connections: int = 1,
        answer: Answer = take,
    ) -> None:
        self.connections = connections
        self.answer = answer
        self.messages: list[Message] = []

    def connect(self) -> MemoryConnection:
        return MemoryConnection(self)

    def where(self) -> str:
        return "memory"


class MemoryConnection:
    def __init__(self, backend: MemoryBackend) -> None:
        self._backend = backend

    async def submit(self, message: Message) -> Outcome:
        await asyncio.sleep(0)  # as every real backend, it lets the others run
        outcome = self._backend.answer(message)
        if outcome.state is DeliveryState.SUBMITTED:
            self._backend.messages.append(message)
        return outcome

    async def close(self) -> None:
        """Nothing to let go of."""
