# SPDX-License-Identifier: GPL-2.0-only
"""Test dmaheap.py in Debian's Python, as a KTAP document: bindings.py HEAP, one of ours."""

import errno
import gc
import os
import sys
import tempfile

import dmaheap

HEAP = sys.argv[1]
PAGE = os.sysconf("SC_PAGESIZE")


def fds():
    return len(os.listdir("/proc/self/fd"))


def raises(error, call, *arguments, code=None, **named):
    try:
        call(*arguments, **named)
    except error as raised:
        assert code is None or raised.errno == code, raised
    else:
        raise AssertionError(f"no {error.__name__}")


def test_contents():
    buffer = dmaheap.Heap(HEAP).allocate(PAGE + 1)
    assert len(buffer) == 2 * PAGE
    with buffer.write() as memory:
        assert memory.nbytes == 2 * PAGE and bytes(memory) == bytes(2 * PAGE)
        memory[:] = b"ab" * PAGE
    with buffer.read(PAGE, 3) as memory:
        assert memory.readonly and bytes(memory) == b"aba"
        raises(TypeError, memory.__setitem__, 0, 1)
    with dmaheap.Buffer.from_fd(buffer.fd) as same, same.read_write(1, 1) as memory:
        memory[0] ^= 0xff
    with buffer.read() as memory:
        assert memory[1] == ord("b") ^ 0xff


def test_views_that_are_left():
    buffer = dmaheap.Heap(HEAP).allocate(PAGE)
    with buffer.write() as memory:
        part = memory[10:20]
        whole = memoryview(memory)
    part[0] = 7
    buffer.close()
    assert whole[10] == 7
    del part, memory
    assert dmaheap.Heap(HEAP).info().buffers == 1
    del whole
    gc.collect()
    assert dmaheap.Heap(HEAP).info().buffers == 0


def test_rights():
    buffer = dmaheap.Heap(HEAP).allocate(PAGE, flags=dmaheap.READ_ONLY)
    for access in buffer.write, buffer.read_write:
        raises(PermissionError, access().__enter__)
    with buffer.read() as memory:
        assert bytes(memory) == bytes(PAGE)


def test_references():
    heap = dmaheap.Heap(HEAP)
    before, open_before = heap.info(), fds()
    with heap.allocate(PAGE, name="frame") as buffer:
        assert heap.info().buffers == before.buffers + 1
        assert os.path.realpath(f"/proc/self/fd/{buffer.fileno()}").startswith("/dmabuf:")
    raises(ValueError, buffer.info)
    buffer.close()
    heap.allocate(PAGE)
    gc.collect()
    after = heap.info()
    # The amount of dirty memory changes in the background.
    assert (after.free, after.buffers) == (before.free, before.buffers)
    assert fds() == open_before


def test_what_is_known():
    heap = dmaheap.Heap(["no-such", HEAP])
    assert heap.name == HEAP and HEAP in dmaheap.names()
    assert heap.features & dmaheap.CAN_QUERY
    buffer = heap.allocate(3 * PAGE, align=4 * PAGE, flags=dmaheap.ANY_PLACE)
    info = buffer.info()
    assert (info.heap, info.size, info.extents, info.importers) == (HEAP, 3 * PAGE, 1, 0)
    assert info.flags == heap.info().flags and 0 < info.age < 3600 and info.kind == "carveout"
    buffer.set_name("x")
    buffer.wait()
    buffer.wait(dmaheap.READ, 0)


def test_files():
    buffer = dmaheap.Heap(HEAP).allocate(PAGE)
    with tempfile.TemporaryFile() as file:
        file.write(b"12345")
        file.flush()
        assert buffer.load(file, 1, 10) == 4
        assert buffer.store(file, 100, 9, 6) == 6
        assert os.pread(file.fileno(), 6, 100) == b"\0" + b"2345" + b"\0"
        raises(OSError, buffer.load, -1, code=errno.EBADF)
        told = []
        assert buffer.load(file, 1, length=3, progress=lambda *figures: told.append(figures)) == 3
        assert told == [(3, 3)]
        raises(ZeroDivisionError, buffer.load, file, progress=lambda done, total: 1 // 0)


def test_list():
    heap = dmaheap.Heap(HEAP)
    entries = dmaheap.heaps()
    assert [entry.name for entry in entries] == dmaheap.names()
    entry = next(entry for entry in entries if entry.name == HEAP)
    info = heap.info()
    assert entry.openable and (entry.total, entry.free) == (info.total, info.free)
    assert entry.kind == "carveout" and entry.region
    assert entry.held == info.held == info.free > 0
    entry = next(entry for entry in entries if entry.name == "system")
    assert entry.openable and entry.total is entry.kind is None


def test_anonymous_memory():
    heap = dmaheap.Heap(["no-such", dmaheap.UDMABUF])
    assert heap.name == dmaheap.UDMABUF
    with heap.allocate(1) as buffer, buffer.read_write() as memory:
        memory[:2] = b"ab"
        assert memory.nbytes == PAGE and bytes(memory[:3]) == b"ab\0"


def test_errors():
    heap = dmaheap.Heap(HEAP)
    raises(FileNotFoundError, dmaheap.Heap, "no-such")
    raises(OSError, heap.allocate, 1 << 62, code=errno.ENOMEM)
    raises(ValueError, heap.allocate, 0)
    raises(ValueError, heap.allocate, 1 << 64)
    raises(ValueError, heap.allocate, PAGE, flags=1 << 31)
    raises(OSError, heap.allocate, PAGE, align=3, code=errno.EINVAL)
    raises(OSError, heap.allocate, PAGE, name="n" * 32, code=errno.ENAMETOOLONG)
    raises(OSError, dmaheap.Buffer.from_fd, sys.stdout.fileno(), code=errno.EINVAL)
    raises(ValueError, heap.allocate(PAGE).read(2 * PAGE).__enter__)
    raises(ValueError, heap.allocate(PAGE).read(PAGE - 1, 2).__enter__)
    raises(OSError, dmaheap.Heap("system").info, code=errno.EOPNOTSUPP)


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    print(f"KTAP version 1\n1..{len(tests)}")
    failed = False
    for number, (name, test) in enumerate(tests, 1):
        word = "ok"
        try:
            test()
        except Exception as error:  # whatever happens, continue with the next test
            print(f"# line {error.__traceback__.tb_next.tb_lineno}: {error!r}")
            word, failed = "not ok", True
        # The exception refers to objects of the test, in cycles.
        gc.collect()
        print(f"{word} {number} {name[5:]}", flush=True)
    sys.exit(failed)


main()
