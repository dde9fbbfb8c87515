#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Capture a picture from a camera into a buffer of a heap, and print its brightness.

    histogram.py HEAP [/dev/videoN]

The camera writes into the buffer, where the program reads it: nothing is copied. The picture is in
YUYV, so every second byte is the brightness of a pixel.
"""

import ctypes
import fcntl
import sys

import dmaheap

WIDTH, HEIGHT, BARS = 640, 360, 16
CAPTURE, DMABUF, YUYV = 1, 4, int.from_bytes(b"YUYV", "little")


class Format(ctypes.Structure):
    """struct v4l2_format with a struct v4l2_pix_format."""

    _fields_ = [
        ("type", ctypes.c_uint32),
        ("pad", ctypes.c_uint32 if ctypes.sizeof(ctypes.c_void_p) == 8 else ctypes.c_uint32 * 0),
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("pixelformat", ctypes.c_uint32),
        ("field", ctypes.c_uint32),
        ("bytesperline", ctypes.c_uint32),
        ("sizeimage", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 176),
    ]


class RequestBuffers(ctypes.Structure):
    """struct v4l2_requestbuffers."""

    _fields_ = [
        ("count", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("memory", ctypes.c_uint32),
        ("capabilities", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
    ]


class Memory(ctypes.Union):
    """The union m of struct v4l2_buffer."""

    _fields_ = [("userptr", ctypes.c_ulong), ("fd", ctypes.c_int32)]


class VideoBuffer(ctypes.Structure):
    """struct v4l2_buffer."""

    _fields_ = [
        ("index", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("bytesused", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("field", ctypes.c_uint32),
        ("seconds", ctypes.c_int64),
        ("microseconds", ctypes.c_int64),
        ("timecode", ctypes.c_uint32 * 4),
        ("sequence", ctypes.c_uint32),
        ("memory", ctypes.c_uint32),
        ("m", Memory),
        ("length", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("request_fd", ctypes.c_int32),
    ]


def command(direction: int, number: int, kind: type) -> int:
    return direction << 30 | ctypes.sizeof(kind) << 16 | ord("V") << 8 | number


READ, WRITE = 2, 1
S_FMT = command(READ | WRITE, 5, Format)
REQBUFS = command(READ | WRITE, 8, RequestBuffers)
QBUF = command(READ | WRITE, 15, VideoBuffer)
DQBUF = command(READ | WRITE, 17, VideoBuffer)
STREAMON = command(WRITE, 18, ctypes.c_int)
STREAMOFF = command(WRITE, 19, ctypes.c_int)


def capture(camera, heap: dmaheap.Heap) -> dmaheap.Buffer:
    """A buffer with a picture."""
    wanted = Format(type=CAPTURE, width=WIDTH, height=HEIGHT, pixelformat=YUYV)
    fcntl.ioctl(camera, S_FMT, wanted)
    if (wanted.width, wanted.height, wanted.pixelformat) != (WIDTH, HEIGHT, YUYV):
        sys.exit("the camera has no such pictures")
    # Many drivers need at least two buffers.
    buffers = [heap.allocate(wanted.sizeimage, name="camera") for _ in range(2)]
    fcntl.ioctl(camera, REQBUFS, RequestBuffers(count=len(buffers), type=CAPTURE, memory=DMABUF))
    for index, buffer in enumerate(buffers):
        fcntl.ioctl(camera, QBUF, VideoBuffer(index=index, type=CAPTURE, memory=DMABUF,
                                              m=Memory(fd=buffer.fd), length=buffer.size))
    fcntl.ioctl(camera, STREAMON, ctypes.c_int(CAPTURE))
    filled = VideoBuffer(type=CAPTURE, memory=DMABUF)
    fcntl.ioctl(camera, DQBUF, filled)
    fcntl.ioctl(camera, STREAMOFF, ctypes.c_int(CAPTURE))
    return buffers[filled.index]


def histogram(buffer: dmaheap.Buffer) -> list[int]:
    """Count pixels by brightness, in this number of steps."""
    counts = [0] * BARS
    with buffer.read(0, WIDTH * HEIGHT * 2) as picture:
        brightness = picture[::2]
        for value in range(256):
            counts[value * BARS // 256] += bytes(brightness).count(value)
        brightness.release()
    return counts


def main() -> None:
    heap = dmaheap.Heap(sys.argv[1])
    with open(sys.argv[2] if len(sys.argv) > 2 else "/dev/video0", "r+b", buffering=0) as camera:
        picture = capture(camera, heap)
        print(f"{WIDTH} x {HEIGHT} in a buffer of {picture.info().heap}")
        counts = histogram(picture)
    for step, count in enumerate(counts):
        bar = "#" * (count * 200 // (WIDTH * HEIGHT))
        print(f"{step * 256 // BARS:3} {count:7} {bar}".rstrip())


if __name__ == "__main__":
    main()
