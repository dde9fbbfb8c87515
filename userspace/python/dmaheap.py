# SPDX-License-Identifier: MIT
"""dma-buf heaps for Python: libdmaheap through ctypes.

    import dmaheap

    heap = dmaheap.Heap("system")
    buffer = heap.allocate(1 << 20)
    with buffer.write() as memory:
        memory[:4] = b"abcd"
    print(buffer.fd, buffer.info().age)

An access provides a memoryview of the buffer itself, which numpy.frombuffer() and PIL.Image.frombuffer()
use without a copy. Such an object keeps the memory mapped, even after the buffer is closed. After the end
of the access, it may show data that is older or newer than the data that devices see.

Errors are raised as OSError, with the errno that dmaheap.h describes. A heap or a buffer is released when
it is closed, when its "with" block ends, or when it is no longer referenced.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import weakref
from typing import Callable, Iterator, NamedTuple, Sequence

__all__ = [
    "ALL_FLAGS",
    "ANY_PLACE",
    "Buffer",
    "BufferInfo",
    "CACHED",
    "CAN_ALIGN",
    "CAN_QUERY",
    "CAN_SYNC_PART",
    "Entry",
    "Heap",
    "HeapInfo",
    "INFO_CMA",
    "INFO_ESTIMATE",
    "INFO_NO_MAP",
    "INFO_SCATTERED",
    "INFO_UNCACHED",
    "READ",
    "READ_ONLY",
    "UDMABUF",
    "UNCACHED",
    "WRITE",
    "heaps",
    "names",
    "version",
]

# Flags of an allocation.
CACHED, UNCACHED, READ_ONLY, ANY_PLACE = (1 << bit for bit in range(8, 12))
ALL_FLAGS = CACHED | UNCACHED | READ_ONLY | ANY_PLACE
# Features of a heap.
CAN_QUERY, CAN_ALIGN, CAN_SYNC_PART = (1 << bit for bit in range(3))
# Properties of memory.
INFO_UNCACHED, INFO_CMA, INFO_NO_MAP, INFO_ESTIMATE, INFO_SCATTERED = (1 << bit for bit in range(5))
# Accesses of the CPU.
READ, WRITE = 1, 2
_END = 4
# Flags of a heap that is not open.
_KNOWN, _OPENABLE = 1 << 16, 1 << 17
# The name of a heap that stands for anonymous memory, for kernels without heaps.
UDMABUF = "/dev/udmabuf"

# The first fields of each of these structures.
_HEAD = [("size", ctypes.c_uint32), ("flags", ctypes.c_uint32)]
# Fields of both struct dmaheap_info and struct dmaheap_entry.
_STATISTICS = [
    ("total", ctypes.c_uint64),
    ("free", ctypes.c_uint64),
    ("largest", ctypes.c_uint64),
    ("dirty", ctypes.c_uint64),
    ("quantum", ctypes.c_uint64),
    ("buffers", ctypes.c_uint32),
    ("region_buffers", ctypes.c_uint32),
]


class _Info(ctypes.Structure):
    _fields_ = _HEAD + _STATISTICS + [("held", ctypes.c_uint64)]


class _BufferInfo(ctypes.Structure):
    _fields_ = _HEAD + [
        ("bytes", ctypes.c_uint64),
        ("age", ctypes.c_uint64),
        ("extents", ctypes.c_uint32),
        ("importers", ctypes.c_uint32),
        ("mapped", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("heap", ctypes.c_char * 64),
        ("kind", ctypes.c_char * 16),
    ]


class _Entry(ctypes.Structure):
    _fields_ = _HEAD + [("name", ctypes.c_char * 256)] + _STATISTICS + [
        ("region", ctypes.c_char * 256),
        ("kind", ctypes.c_char * 16),
        ("held", ctypes.c_uint64),
    ]


_PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p)


class _Transfer(ctypes.Structure):
    _fields_ = _HEAD + [
        ("offset", ctypes.c_uint64),
        ("len", ctypes.c_uint64),
        ("file_offset", ctypes.c_uint64),
        ("done", ctypes.c_uint64),
        ("progress", _PROGRESS),
        ("data", ctypes.c_void_p),
    ]


class _Options(ctypes.Structure):
    _fields_ = _HEAD + [
        ("align", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
    ]


_EACH = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_EACH_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Entry), ctypes.c_void_p)
_lib = ctypes.CDLL("libdmaheap.so.1")


def _declare(name: str, *arguments: type, result: type | None = ctypes.c_int):
    function = getattr(_lib, "dmaheap_" + name)
    function.argtypes = arguments
    function.restype = result
    return function


_OUT = ctypes.POINTER(ctypes.c_void_p)
_version = _declare("version", result=ctypes.c_char_p)
_strerror = _declare("strerror", ctypes.c_int, result=ctypes.c_char_p)
_for_each = _declare("for_each", _EACH, ctypes.c_void_p)
_list = _declare("list", ctypes.POINTER(_Entry), _EACH_ENTRY, ctypes.c_void_p)
_open = _declare("open", ctypes.c_char_p, _OUT)
_open_first = _declare("open_first", ctypes.POINTER(ctypes.c_char_p), _OUT)
_unref = _declare("unref", ctypes.c_void_p, result=None)
_name = _declare("name", ctypes.c_void_p, result=ctypes.c_char_p)
_features = _declare("features", ctypes.c_void_p, result=ctypes.c_uint32)
_query = _declare("query", ctypes.c_void_p, ctypes.POINTER(_Info))
_alloc = _declare("alloc", ctypes.c_void_p, ctypes.c_uint64, ctypes.POINTER(_Options), _OUT)
_import = _declare("buffer_import", ctypes.c_void_p, ctypes.c_int, _OUT)
_buffer_unref = _declare("buffer_unref", ctypes.c_void_p, result=None)
_buffer_fd = _declare("buffer_fd", ctypes.c_void_p)
_buffer_size = _declare("buffer_size", ctypes.c_void_p, result=ctypes.c_uint64)
_buffer_info = _declare("buffer_info", ctypes.c_void_p, ctypes.POINTER(_BufferInfo))
_buffer_wait = _declare("buffer_wait", ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int)
_set_name = _declare("buffer_set_name", ctypes.c_void_p, ctypes.c_char_p)
_buffer_ref = _declare("buffer_ref", ctypes.c_void_p, result=ctypes.c_void_p)
_map = _declare("buffer_map", ctypes.c_void_p, _OUT)
_unmap = _declare("buffer_unmap", ctypes.c_void_p)
_sync = _declare("buffer_sync", ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32)
_load, _store = (_declare(name, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Transfer))
                 for name in ("buffer_load_all", "buffer_store_all"))


def _check(result: int, *what: str) -> None:
    if result:
        raise OSError(-result, _strerror(result).decode(), *what)


def version() -> str:
    """The version of the library."""
    return _version().decode()


def names() -> list[str]:
    """The names of all heaps, in order."""
    found: list[str] = []

    @_EACH
    def each(name: bytes, _data: int) -> int:
        found.append(os.fsdecode(name))
        return 0

    _check(_for_each(each, None))
    return found


class Entry(NamedTuple):
    """The properties of a heap that any user can see. Other modules' heaps have only the first two."""

    name: str
    openable: bool
    flags: int | None = None
    total: int | None = None
    free: int | None = None
    largest: int | None = None
    dirty: int | None = None
    quantum: int | None = None
    buffers: int | None = None
    region_buffers: int | None = None
    region: str | None = None
    kind: str | None = None
    held: int | None = None


def heaps() -> list[Entry]:
    """All heaps, in the order of their names, without opening one."""
    found: list[Entry] = []

    @_EACH_ENTRY
    def each(entry, _data: int) -> int:
        one = entry.contents
        known: list = []
        if one.flags & _KNOWN:
            known = [one.flags & (_KNOWN - 1)]
            known += [getattr(one, field) for field, _ in _STATISTICS]
            known += [os.fsdecode(one.region), one.kind.decode(), one.held]
        found.append(Entry(os.fsdecode(one.name), bool(one.flags & _OPENABLE), *known))
        return 0

    _check(_list(ctypes.byref(_Entry(size=ctypes.sizeof(_Entry))), each, None))
    return found


def _unmap_and_unref(buffer: int) -> None:
    _unmap(buffer)
    _buffer_unref(buffer)


class HeapInfo(NamedTuple):
    """The state of a heap's memory, in bytes; see struct dmaheap_info."""

    flags: int
    total: int
    free: int
    largest: int
    dirty: int
    quantum: int
    buffers: int
    region_buffers: int
    held: int


class BufferInfo(NamedTuple):
    """The state of a buffer; the age is in seconds. See struct dmaheap_buffer_info."""

    flags: int
    size: int
    age: float
    extents: int
    importers: int
    mapped: int
    heap: str
    kind: str


class _Reference:
    """A counted reference of the library, which is dropped once."""

    def __init__(self, pointer: ctypes.c_void_p, drop) -> None:
        self._pointer = pointer
        self._drop = weakref.finalize(self, drop, pointer)

    @property
    def _open(self) -> ctypes.c_void_p:
        if not self._drop.alive:
            raise ValueError("it is closed")
        return self._pointer

    def close(self) -> None:
        self._drop()

    def __enter__(self):
        return self

    def __exit__(self, *_exception) -> None:
        self.close()


class Heap(_Reference):
    """A heap by its name, or the first of several names that can be opened."""

    def __init__(self, name: str | Sequence[str]) -> None:
        pointer = ctypes.c_void_p()
        if isinstance(name, str):
            _check(_open(os.fsencode(name), ctypes.byref(pointer)), name)
        else:
            wanted = (ctypes.c_char_p * (len(name) + 1))(*map(os.fsencode, name))
            _check(_open_first(wanted, ctypes.byref(pointer)), " ".join(name))
        super().__init__(pointer, _unref)

    @property
    def name(self) -> str:
        return os.fsdecode(_name(self._open))

    @property
    def features(self) -> int:
        """CAN_*"""
        return _features(self._open)

    def info(self) -> HeapInfo:
        info = _Info(size=ctypes.sizeof(_Info))
        _check(_query(self._open, ctypes.byref(info)))
        return HeapInfo(*(getattr(info, field) for field in HeapInfo._fields))

    def allocate(self, size: int, flags: int = 0, align: int = 0, name: str | None = None) -> Buffer:
        """Allocate a buffer. Its memory is zero; the size is rounded up to whole pages."""
        if not 0 < size < 1 << 64 or not 0 <= align < 1 << 64 or flags & ~ALL_FLAGS:
            raise ValueError("invalid size, alignment or flags")
        pointer = ctypes.c_void_p()
        options = _Options(ctypes.sizeof(_Options), flags, align,
                           None if name is None else os.fsencode(name))
        _check(_alloc(self._open, size, ctypes.byref(options), ctypes.byref(pointer)))
        return Buffer(pointer)


class Buffer(_Reference):
    """A buffer, from Heap.allocate(), or from from_fd() for an existing dma-buf."""

    def __init__(self, pointer: ctypes.c_void_p) -> None:
        super().__init__(pointer, _buffer_unref)

    @classmethod
    def from_fd(cls, fd: int) -> Buffer:
        """Import a dma-buf; the file descriptor stays the caller's."""
        pointer = ctypes.c_void_p()
        _check(_import(None, fd, ctypes.byref(pointer)))
        return cls(pointer)

    @property
    def fd(self) -> int:
        """The dma-buf's file descriptor, which is closed with the buffer; os.dup() it to keep it."""
        return _buffer_fd(self._open)

    fileno = fd.fget

    @property
    def size(self) -> int:
        return _buffer_size(self._open)

    def __len__(self) -> int:
        return self.size

    def info(self) -> BufferInfo:
        info = _BufferInfo(size=ctypes.sizeof(_BufferInfo))
        _check(_buffer_info(self._open, ctypes.byref(info)))
        return BufferInfo(info.flags, info.bytes, info.age / 1e9, info.extents, info.importers,
                          info.mapped, os.fsdecode(info.heap), info.kind.decode())

    def set_name(self, name: str) -> None:
        """Set the name that tools show."""
        _check(_set_name(self._open, os.fsencode(name)))

    def wait(self, flags: int = READ | WRITE, timeout: float | None = None) -> None:
        """Wait until devices have finished; raise TimeoutError after timeout seconds."""
        limit = -1 if timeout is None else min(max(0, round(timeout * 1000)), (1 << 31) - 1)
        _check(_buffer_wait(self._open, flags, limit))

    @contextlib.contextmanager
    def _access(self, flags: int, offset: int, length: int) -> Iterator[memoryview]:
        length = length or self.size - offset
        if offset < 0 or length <= 0 or offset + length > self.size:
            raise ValueError("not a part of the buffer")
        if flags & WRITE and fcntl.fcntl(self.fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDWR:
            _check(-errno.EACCES)
        pointer, address = self._open, ctypes.c_void_p()
        _check(_map(pointer, ctypes.byref(address)))
        memory = (ctypes.c_char * length).from_address(address.value + offset)
        # It stays mapped while any object refers to it.
        keeper = weakref.finalize(memory, _unmap_and_unref, _buffer_ref(pointer))
        # At exit, references may remain; then the kernel unmaps it.
        keeper.atexit = False
        whole = memoryview(memory).cast("B")
        view = whole if flags & WRITE else whole.toreadonly()
        _check(_sync(pointer, offset, length, flags))
        try:
            yield view
        finally:
            with contextlib.suppress(BufferError):
                view.release()
            _check(_sync(pointer, offset, length, flags | _END))

    def read(self, offset: int = 0, length: int = 0):
        """A context manager for a memoryview of a part of the buffer; a length of 0 means the rest."""
        return self._access(READ, offset, length)

    def write(self, offset: int = 0, length: int = 0):
        return self._access(WRITE, offset, length)

    def read_write(self, offset: int = 0, length: int = 0):
        return self._access(READ | WRITE, offset, length)

    def _transfer(self, function, file, file_offset: int, offset: int, length: int,
                  progress: Callable[[int, int], object] | None) -> int:
        fd = file if isinstance(file, int) else file.fileno()
        raised: list[BaseException] = []

        # Needed even without a callback: Python's signal handlers run there.
        @_PROGRESS
        def told(done: int, total: int, _data: int) -> int:
            try:
                if progress:
                    progress(done, total)
            except BaseException as error:
                raised.append(error)
            return len(raised)

        transfer = _Transfer(ctypes.sizeof(_Transfer), 0, offset, length, file_offset, 0, told)
        result = function(self._open, fd, ctypes.byref(transfer))
        if raised:
            raise raised[0]
        _check(result)
        return transfer.done

    def load(self, file, file_offset: int = 0, offset: int = 0, length: int = 0,
             progress: Callable[[int, int], object] | None = None) -> int:
        """Read an open file into the buffer, without a copy; return the number of bytes read.

        progress is called with the bytes done and the total; an exception in it ends the transfer.
        """
        return self._transfer(_load, file, file_offset, offset, length, progress)

    def store(self, file, file_offset: int = 0, offset: int = 0, length: int = 0,
              progress: Callable[[int, int], object] | None = None) -> int:
        """Write the buffer to an open file; otherwise like load()."""
        return self._transfer(_store, file, file_offset, offset, length, progress)
