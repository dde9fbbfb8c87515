# SPDX-License-Identifier: GPL-2.0-only
"""Screenshots of the guest, for relay."""

import json
import os
import struct
import zlib


class ScreenError(Exception):
    """QEMU could not take the screenshot; the text says why."""


class Monitor:
    """QEMU's monitor protocol over a connected socket."""

    def __init__(self, sock):
        self.stream = sock.makefile("rwb")
        self.greeted = False

    def execute(self, command, **arguments):
        """Run one command; ignore events that arrive meanwhile."""
        if not self.greeted:
            self.stream.readline()
            self.greeted = True
            self.execute("qmp_capabilities")
        request = {"execute": command, "arguments": arguments}
        self.stream.write(json.dumps(request).encode() + b"\n")
        self.stream.flush()
        for line in self.stream:
            answer = json.loads(line)
            if "error" in answer:
                raise ScreenError(answer["error"]["desc"])
            if "return" in answer:
                return
        raise ScreenError("QEMU is gone")


def read_ppm(path):
    """Parse the PPM file of QEMU: return width, height and RGB bytes."""
    with open(path, "rb") as file:
        data = file.read()
    magic, width, height, depth = data.split(maxsplit=4)[:4]
    width, height = int(width), int(height)
    if magic != b"P6" or depth != b"255":
        raise ScreenError("QEMU wrote a picture of another kind")
    return width, height, data[len(data) - width * height * 3 :]


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(width, height, rgb):
    """Encode the picture as a PNG: eight bits per channel, no filters."""
    row = width * 3
    lines = b"".join(b"\0" + rgb[start : start + row] for start in range(0, len(rgb), row))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def take(monitor, folder, name, device):
    """Take a screenshot, store it as FOLDER/NAME.png, return its width, height and RGB bytes."""
    os.makedirs(folder, exist_ok=True)
    raw = os.path.join(folder, name + ".ppm")
    where = {"device": device} if device else {}
    try:
        monitor.execute("screendump", filename=os.path.abspath(raw), **where)
        width, height, rgb = read_ppm(raw)
    finally:
        if os.path.exists(raw):
            os.unlink(raw)
    with open(os.path.join(folder, name + ".png"), "wb") as file:
        file.write(png(width, height, rgb))
    return width, height, rgb
