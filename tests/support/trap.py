"""A room without a way out that notes every attempt to leave it.

``python trap.py REPORT COMMAND...`` belongs into a network namespace of its own (``unshare -n``):
every address leads back here, names are answered, port 443 takes calls, and each packet of TCP and
UDP is noted in REPORT (JSON), for there is none that the program needs.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path


def close_the_room() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "route", "add", "local", "default", "dev", "lo"], check=True)
    # Without IPv6 there is nothing to lead back.
    subprocess.run(
        ["ip", "-6", "route", "add", "local", "default", "dev", "lo"], stderr=subprocess.DEVNULL
    )


class Trap:
    def __init__(self) -> None:
        self.names: list[str] = []
        self.packets: dict[str, int] = {}
        self._names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._names.bind(("0.0.0.0", 53))
        self._calls = socket.create_server(("0.0.0.0", 443))
        self._ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self._ear.bind(("lo", 0))
        for work in (self._answer_names, self._take_calls, self._listen):
            threading.Thread(target=work, daemon=True).start()

    def _answer_names(self) -> None:
        while True:
            query, caller = self._names.recvfrom(2048)
            labels, at = [], 12
            while at < len(query) and query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
                at += 1 + query[at]
            self.names.append(".".join(labels))
            question = query[12 : at + 5]
            kind = struct.unpack_from(">H", query, at + 1)[0]
            found = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xcb\x00\x71\x01"
            head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, int(kind == 1), 0, 0)
            self._names.sendto(head + question + (found if kind == 1 else b""), caller)

    def _take_calls(self) -> None:
        while True:
            caller, _ = self._calls.accept()
            caller.close()

    def _listen(self) -> None:
        while True:
            data, facts = self._ear.recvfrom(65535)
            if facts[2] != 4 or facts[1] not in (0x0800, 0x86DD):  # each packet comes twice
                continue
            if facts[1] == 0x0800:
                kind, at = data[9], 4 * (data[0] & 15)
                target = socket.inet_ntop(socket.AF_INET, data[16:20])
            else:
                kind, at = data[6], 40
                target = socket.inet_ntop(socket.AF_INET6, data[24:40])
            if kind in (6, 17):
                port = struct.unpack_from(">H", data, at + 2)[0]
                key = f"{'tcp' if kind == 6 else 'udp'} {target} port {port}"
                self.packets[key] = self.packets.get(key, 0) + 1


def main() -> int:
    report, command = Path(sys.argv[1]), sys.argv[2:]
    close_the_room()
    trap = Trap()
    done = subprocess.run(command)
    time.sleep(0.3)
    report.write_text(json.dumps({"names": trap.names, "packets": trap.packets}))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
