"""Sends messages with large arrays piece by piece, so that other threads do not wait for Python's lock."""

from __future__ import annotations

import pickle
from multiprocessing.connection import Connection
from typing import Any


def take_apart(message: Any) -> tuple[bytes, list[memoryview]]:
    """Pickle a message without its large arrays; returns it and these, for ``pickle.loads(body, buffers=arrays)``."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    return body, [buffer.raw() for buffer in buffers]


def send(connection: Connection, message: Any) -> None:
    """Send a message; raises before anything is sent when it cannot be pickled."""
    body, raw = take_apart(message)
    connection.send_bytes(len(raw).to_bytes(8, "little") + body)
    for buffer in raw:
        connection.send_bytes(buffer)


def receive(connection: Connection) -> Any:
    """Receive what `send` sent; arrays are writable. Raises EOFError when the other end is gone."""
    message = memoryview(connection.recv_bytes())
    count = int.from_bytes(message[:8], "little")
    buffers = [bytearray(connection.recv_bytes()) for _ in range(count)]
    return pickle.loads(message[8:], buffers=buffers)
