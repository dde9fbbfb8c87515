/* SPDX-License-Identifier: MIT */
/*
 * libdmaheap: contiguous and other dma-buf heaps for programs.
 *
 * Limitations:
 *  - The kernel's own heaps ("system", for example) only allocate: no statistics, no alignment, no
 *    sync of a part of a buffer. What is not supported returns -EOPNOTSUPP, never a substitute.
 *  - Expect huge page table entries only for buffers of contig_heaps. For a buffer that the library
 *    did not align itself, it has to ask its heap or /dev/contig_buffer where the buffer begins.
 *  - After fork() a child may use what it inherited, unless another thread of the parent was inside
 *    this library at that moment.
 *
 * Functions that return int return 0 or a negative errno value, which dmaheap_strerror() explains,
 * and store results through their last argument only when they return 0. All of them may be called
 * by several threads at once, also for the same heap or buffer. None prints, exits or changes the
 * signal mask. Every file descriptor made here is close-on-exec.
 */
#ifndef DMAHEAP_H
#define DMAHEAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DMAHEAP_VERSION_MAJOR	1
#define DMAHEAP_VERSION_MINOR	0

/* An open heap, and a buffer; both are counted references. */
struct dmaheap;
struct dmaheap_buffer;

/* What a heap can do beyond plain allocation: dmaheap_features() */
#define DMAHEAP_CAN_QUERY	(1U << 0)  /* dmaheap_query() */
#define DMAHEAP_CAN_ALIGN	(1U << 1)  /* an alignment of more than a page */
#define DMAHEAP_CAN_SYNC_PART	(1U << 2)  /* dmaheap_buffer_sync() for a part of a buffer */

/*
 * Structures grow at their ends, and begin with their size, which the caller sets, best with the
 * DMAHEAP_*_INIT of each. One that is larger than the library knows is accepted: what it cannot
 * fill in is 0, and what it cannot do has to be. So is a smaller one: what it lacks is not filled
 * in, or 0.
 */

/* struct dmaheap_info and struct dmaheap_buffer_info, @flags */
#define DMAHEAP_INFO_UNCACHED	(1U << 0)  /* CPU mappings are write-combined */
#define DMAHEAP_INFO_CMA	(1U << 1)  /* a CMA area */
#define DMAHEAP_INFO_NO_MAP	(1U << 2)  /* memory the kernel itself does not map */
#define DMAHEAP_INFO_ESTIMATE	(1U << 3)  /* @free and @largest are upper bounds */
#define DMAHEAP_INFO_SCATTERED	(1U << 4)  /* buffers need not be contiguous */

/**
 * struct dmaheap_info - the state of a heap's memory
 * @size: in: sizeof(struct dmaheap_info), by DMAHEAP_INFO_INIT
 * @flags: DMAHEAP_INFO_*
 * @total: bytes the heap manages
 * @free: bytes that are not allocated
 * @largest: bytes of the longest free run
 * @dirty: free bytes that have yet to be zeroed
 * @quantum: bytes; every allocation takes a multiple of it
 * @buffers: live buffers of this heap
 * @region_buffers: live buffers of all heaps on the same memory
 * @held: free bytes that the heap has already; it gets the others from the kernel when it needs them.
 *	0 for modules that do not tell.
 */
struct dmaheap_info {
	uint32_t size;
	uint32_t flags;
	uint64_t total;
	uint64_t free;
	uint64_t largest;
	uint64_t dirty;
	uint64_t quantum;
	uint32_t buffers;
	uint32_t region_buffers;
	uint64_t held;
};

#define DMAHEAP_INFO_INIT	{ sizeof(struct dmaheap_info), 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* struct dmaheap_entry, @flags, besides DMAHEAP_INFO_UNCACHED, _CMA, _ESTIMATE and _SCATTERED */
#define DMAHEAP_ENTRY_KNOWN	(1U << 16) /* of contig_heaps; otherwise all below @name is 0 */
#define DMAHEAP_ENTRY_OPENABLE	(1U << 17) /* this user may open it */

/**
 * struct dmaheap_entry - a heap as anybody may see it
 * @size: in: sizeof(struct dmaheap_entry), by DMAHEAP_ENTRY_INIT
 * @flags: DMAHEAP_ENTRY_*, DMAHEAP_INFO_*
 * @name: below /dev/dma_heap
 * @total: bytes its memory has
 * @free: bytes that are not allocated
 * @largest: bytes of the longest free run
 * @dirty: free bytes that have yet to be zeroed
 * @quantum: bytes; every allocation takes a multiple of it
 * @buffers: live buffers of this heap
 * @region_buffers: live buffers of all heaps on the same memory
 * @region: its memory; heaps with the same region share that
 * @kind: where the memory comes from, as in struct dmaheap_buffer_info
 * @held: as in struct dmaheap_info
 */
struct dmaheap_entry {
	uint32_t size;
	uint32_t flags;
	char name[256];
	uint64_t total;
	uint64_t free;
	uint64_t largest;
	uint64_t dirty;
	uint64_t quantum;
	uint32_t buffers;
	uint32_t region_buffers;
	char region[256];
	char kind[16];
	uint64_t held;
};

#define DMAHEAP_ENTRY_INIT	\
	{ sizeof(struct dmaheap_entry), 0, "", 0, 0, 0, 0, 0, 0, 0, "", "", 0 }

/**
 * struct dmaheap_buffer_info - what is known of a buffer
 * @size: in: sizeof(struct dmaheap_buffer_info), by DMAHEAP_BUFFER_INFO_INIT
 * @flags: DMAHEAP_INFO_* of its memory
 * @bytes: its size
 * @age: nanoseconds since it was allocated, those of sleep included
 * @extents: pieces that its memory was handed out in
 * @importers: devices that are attached to it
 * @mapped: how many of them have it mapped
 * @reserved: 0
 * @heap: the heap it was allocated from, which may be gone
 * @kind: where the memory comes from: "carveout", "lent", "cma", "system", "device"
 */
struct dmaheap_buffer_info {
	uint32_t size;
	uint32_t flags;
	uint64_t bytes;
	uint64_t age;
	uint32_t extents;
	uint32_t importers;
	uint32_t mapped;
	uint32_t reserved;
	char heap[64];
	char kind[16];
};

#define DMAHEAP_BUFFER_INFO_INIT	\
	{ sizeof(struct dmaheap_buffer_info), 0, 0, 0, 0, 0, 0, 0, "", "" }

/* struct dmaheap_options, @flags. Their values are no access of the CPU. */
#define DMAHEAP_ALLOC_CACHED	(1U << 8)  /* from the cached heap on this memory */
#define DMAHEAP_ALLOC_UNCACHED	(1U << 9)  /* from the uncached heap on this memory */
#define DMAHEAP_ALLOC_READ_ONLY	(1U << 10) /* the file descriptor is open for reading only */
#define DMAHEAP_ALLOC_ANY_PLACE	(1U << 11) /* do not prefer a place for huge entries */

/**
 * struct dmaheap_options - how to allocate
 * @size: sizeof(struct dmaheap_options), by DMAHEAP_OPTIONS_INIT
 * @flags: DMAHEAP_ALLOC_*; 0 is cached or not as the heap is, readable and writable
 * @align: alignment of the physical address in bytes, a power of two; 0 leaves it to the library:
 *	large buffers are aligned for huge page table entries where that costs no memory
 * @name: what tools call the buffer, at most 31 bytes, or NULL
 */
struct dmaheap_options {
	uint32_t size;
	uint32_t flags;
	uint64_t align;
	const char *name;
};

#define DMAHEAP_OPTIONS_INIT	{ sizeof(struct dmaheap_options), 0, 0, NULL }

/* What the CPU does: dmaheap_buffer_sync(), dmaheap_access_begin(), dmaheap_buffer_map_part() */
#define DMAHEAP_READ		(1U << 0)
#define DMAHEAP_WRITE		(1U << 1)
#define DMAHEAP_RW		(DMAHEAP_READ | DMAHEAP_WRITE)
/* dmaheap_buffer_sync(): the access ends, rather than begins */
#define DMAHEAP_END		(1U << 2)

/**
 * struct dmaheap_access - a CPU access to a part of a buffer, while it lasts
 * @data: the first byte of the part
 * @len: bytes
 * @offset: where in the buffer the part begins
 * @buffer: the buffer; NULL when the access has ended
 * @flags: DMAHEAP_READ, DMAHEAP_WRITE or both
 * @reserved: 0
 */
struct dmaheap_access {
	void *data;
	uint64_t len;
	uint64_t offset;
	struct dmaheap_buffer *buffer;
	uint32_t flags;
	uint32_t reserved[5];
};

/**
 * struct dmaheap_transfer - a file into a buffer, or back, and how far it has come
 * @size: sizeof(struct dmaheap_transfer), by DMAHEAP_TRANSFER_INIT
 * @flags: 0
 * @offset: where in the buffer the part begins
 * @len: bytes; 0 means the rest
 * @file_offset: where in the file; 0 for a pipe or a socket
 * @done: out: bytes transferred, also when an error ended it
 * @progress: called with the bytes done and those to be done after each step, and when a signal
 *	came; what it returns other than 0 ends the transfer, which returns that; or NULL
 * @data: handed to @progress
 */
struct dmaheap_transfer {
	uint32_t size;
	uint32_t flags;
	uint64_t offset;
	uint64_t len;
	uint64_t file_offset;
	uint64_t done;
	int (*progress)(uint64_t done, uint64_t len, void *data);
	void *data;
};

#define DMAHEAP_TRANSFER_INIT	{ sizeof(struct dmaheap_transfer), 0, 0, 0, 0, 0, NULL, NULL }

/* The library that is linked: "MAJOR.MINOR", and what its build knows beyond these. */
const char *dmaheap_version(void);

/*
 * A text for an error that a function of this library returned. Never NULL; the sign does not
 * matter. A number that is not expected is in the text, which is valid until the thread's next call.
 */
const char *dmaheap_strerror(int error);

/*
 * Have @log told of every error that a function of this library meets, also of those that it then
 * works around, such as a heap that cannot: a negative errno, and a line of text about what was
 * tried. NULL, as at first, is nobody. Another thread may be in the former @log when this returns.
 * @log may call the library.
 */
void dmaheap_set_log(void (*log)(int error, const char *text, void *data), void *data);

/*
 * Call @each for the name of every heap that exists, in the order of their names, until it returns
 * something other than 0, which is then returned. The caller may lack permission to open some.
 * -ENOENT: the kernel has no heaps at all.
 */
int dmaheap_for_each(int (*each)(const char *name, void *data), void *data);

/*
 * Fill in @entry for every heap that exists, in the order of their names, and call @each, until it
 * returns something other than 0, which is then returned. No heap is opened, and no right needed.
 * -ENOENT: the kernel has no heaps at all; -EINVAL: bad @size in @entry.
 */
int dmaheap_list(struct dmaheap_entry *entry,
		 int (*each)(const struct dmaheap_entry *entry, void *data), void *data);

/*
 * Not contiguous, but there where the kernel has no heaps: anonymous memory as a dma-buf. It is
 * opened, and allocated from, as a heap of this name; only what asks for it by this name gets it.
 * Its buffers can be neither uncached nor read-only, and have no alignment of more than a page.
 */
#define DMAHEAP_UDMABUF	"/dev/udmabuf"

/*
 * Open a heap by its name under /dev/dma_heap, or DMAHEAP_UDMABUF. -ENOENT: there is no heap of
 * that name; -EACCES: no permission; -EINVAL: not a valid name; -ENODEV: it is being removed.
 */
int dmaheap_open(const char *name, struct dmaheap **heap);

/*
 * Open the first heap of a list that ends with NULL. Names that do not exist are skipped; if none
 * can be opened, the error is that of the first one that exists, or -ENOENT. If @names is NULL, the
 * names of the kernel's default contiguous area are tried.
 */
int dmaheap_open_first(const char *const *names, struct dmaheap **heap);

/*
 * A heap from an open file descriptor, which may have come from another process. It is duplicated
 * and stays the caller's. -EBADF; -EINVAL: not a heap. It has no name, and no other variant.
 */
int dmaheap_open_fd(int fd, struct dmaheap **heap);

/* Take and drop a reference. Buffers hold their heap. NULL is allowed. */
struct dmaheap *dmaheap_ref(struct dmaheap *heap);
void dmaheap_unref(struct dmaheap *heap);

/* "" for a heap from a file descriptor. Valid as long as the heap. */
const char *dmaheap_name(const struct dmaheap *heap);
/* Stays the heap's; the caller must not close it. */
int dmaheap_fd(const struct dmaheap *heap);
/* DMAHEAP_CAN_* */
uint32_t dmaheap_features(const struct dmaheap *heap);

/* -EOPNOTSUPP: the heap has no statistics; -EINVAL: bad @size in @info; -ENODEV: heap removed. */
int dmaheap_query(struct dmaheap *heap, struct dmaheap_info *info);

/*
 * Allocate @size bytes, rounded up to whole pages; all of them are 0. @options may be NULL.
 * -EINVAL: a size of 0, bad options; -E2BIG: options of a later library; -ENAMETOOLONG; -ENOMEM: no
 * free run is long enough; -EOPNOTSUPP: the heap cannot align, or has no variant that is cached or
 * uncached as asked; -EACCES: no permission for that variant; -EINTR; -EMFILE; -ENFILE; -ENODEV:
 * heap removed.
 */
int dmaheap_alloc(struct dmaheap *heap, uint64_t size, const struct dmaheap_options *options,
		  struct dmaheap_buffer **buffer);

/*
 * Allocate from the first heap of a list that can: one that exists, may be opened, has a run that is
 * long enough, and can do what @options ask for. The list ends with NULL. @heap is filled in with
 * that heap, as a reference for the caller; it may be NULL. If none can, the error is that of the
 * first heap that exists, or -ENOENT. Nothing but the heap differs: no option is dropped to make an
 * allocation succeed. If @names is NULL, the names of the kernel's default contiguous area are tried.
 * Other errors than of heaps that cannot, such as -EINVAL, -EINTR and -EMFILE, end it at once.
 */
int dmaheap_alloc_first(const char *const *names, uint64_t size,
			const struct dmaheap_options *options, struct dmaheap **heap,
			struct dmaheap_buffer **buffer);

/*
 * A buffer from a dma-buf's file descriptor, which is duplicated and stays the caller's. @heap is
 * any heap of contig_heaps, which saves the library opening a node to sync a part, or NULL.
 * -EBADF; -EINVAL: not a dma-buf.
 */
int dmaheap_buffer_import(struct dmaheap *heap, int fd, struct dmaheap_buffer **buffer);

/* The same, but takes the file descriptor over: it is closed with the buffer, or if this fails. */
int dmaheap_buffer_take(struct dmaheap *heap, int fd, struct dmaheap_buffer **buffer);

/*
 * Over a connected Unix socket: a message of one byte, with the dma-buf. The receiver needs no heap,
 * nor the right to open one. Receiving: -EPIPE: the other side has closed; -EBADMSG: something else
 * came, which is lost; both: what sendmsg() and recvmsg() fail with.
 */
int dmaheap_buffer_send(struct dmaheap_buffer *buffer, int socket);
int dmaheap_buffer_receive(int socket, struct dmaheap_buffer **buffer);

/*
 * The buffer behind a master of the PMEM interface (an open /dev/pmem* file with an allocation).
 * @heap as for dmaheap_buffer_import(). -EINVAL: the file has no allocation, or is connected to
 * another one; -EACCES: it is not open for reading and writing; -EOPNOTSUPP: not a PMEM file.
 */
int dmaheap_buffer_import_pmem(struct dmaheap *heap, int pmem_fd, struct dmaheap_buffer **buffer);

/*
 * Make the buffer the allocation of a PMEM file that has none. The file then keeps the memory, too.
 * -EINVAL: the file has one, or the buffer is not of contig_heaps; -EACCES: the buffer is read-only;
 * -EOPNOTSUPP: not a PMEM file.
 */
int dmaheap_buffer_export_pmem(struct dmaheap_buffer *buffer, int pmem_fd);

/*
 * Take and drop a reference. The last one unmaps the buffer and closes its file descriptor; the
 * memory lives on as long as a driver or another process uses it. NULL is allowed.
 */
struct dmaheap_buffer *dmaheap_buffer_ref(struct dmaheap_buffer *buffer);
void dmaheap_buffer_unref(struct dmaheap_buffer *buffer);

/* The dma-buf, to hand to a driver. The caller must not close it. */
int dmaheap_buffer_fd(const struct dmaheap_buffer *buffer);
/* Bytes, a multiple of the page size. */
uint64_t dmaheap_buffer_size(const struct dmaheap_buffer *buffer);

/* A new file descriptor for the dma-buf, for the caller to close. */
int dmaheap_buffer_export(struct dmaheap_buffer *buffer, int *fd);

/* What tools call the buffer. -ENAMETOOLONG: more than 31 bytes. */
int dmaheap_buffer_set_name(struct dmaheap_buffer *buffer, const char *name);

/*
 * Map the buffer, with all the rights its file descriptor gives. It is mapped once, at an address
 * that suits huge entries if the buffer is large enough. Every call returns the same address, and
 * must be matched by dmaheap_buffer_unmap(). -EINVAL: the exporter does not allow it; -ENOMEM.
 */
int dmaheap_buffer_map(struct dmaheap_buffer *buffer, void **data);
/* -EINVAL: not mapped. */
int dmaheap_buffer_unmap(struct dmaheap_buffer *buffer);

/*
 * A mapping of its own of a part of the buffer, readable with DMAHEAP_READ, readable and writable
 * with DMAHEAP_RW or DMAHEAP_WRITE. It stays until it is unmapped with the same @len, which may be
 * after the last reference to the buffer. It begins no access. -EINVAL: bad flags, an empty part or
 * one outside the buffer; -EACCES: DMAHEAP_WRITE for a read-only buffer; -EOVERFLOW: too large for
 * this process; -ENOMEM.
 */
int dmaheap_buffer_map_part(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			    uint32_t flags, void **data);
/* -EINVAL: not what dmaheap_buffer_map_part() returned. */
int dmaheap_buffer_unmap_part(void *data, uint64_t len);

/*
 * Begin (or, with DMAHEAP_END, end) a CPU access to a part of a buffer. For the whole buffer this
 * works with every exporter. -EINVAL: bad flags, an empty part or one outside the buffer;
 * -EOPNOTSUPP: a part, but the buffer is not of contig_heaps.
 */
int dmaheap_buffer_sync(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			uint32_t flags);

/*
 * Map and begin in one call; a @len of 0 means the rest after @offset. -EACCES: DMAHEAP_WRITE for a
 * read-only buffer; otherwise as dmaheap_buffer_map() and dmaheap_buffer_sync().
 */
int dmaheap_access_begin(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			 uint32_t flags, struct dmaheap_access *access);

/* End and unmap. Further calls do nothing and return 0. */
int dmaheap_access_end(struct dmaheap_access *access);

/*
 * Read a file into a part of a buffer, or write that part to it, without a copy in the program. A
 * @len of 0 means the rest after @offset. @fd is a regular file, a block device, a pipe or a socket;
 * its position is neither used nor moved. With O_DIRECT its device reaches the memory itself, and the
 * numbers have to be multiples of its block size. It is an access of the CPU that begins and ends by
 * itself.
 *
 * @done is filled in with the bytes transferred. They are fewer than @len at the end of the file, without
 * space for more, and after a signal or an error in the middle: call again for the rest to learn which.
 *
 * -EINVAL: no such part, or a file without data; -EACCES: the buffer was not opened for it; -EBADF:
 * nor was the file; -ESPIPE: an offset into a pipe or socket; -EINTR: a signal came first;
 * -EOPNOTSUPP: not a buffer of contig_heaps, or its module is older than this; and what reading or
 * writing the file fails with.
 */
int dmaheap_buffer_load(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			uint64_t file_offset, uint64_t *done);
int dmaheap_buffer_store(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			 uint64_t file_offset, uint64_t *done);

/*
 * The same for as long as it takes: in steps, until the part is full or stored, a file or stream
 * has ended, or an error came, which is returned. A signal does not end it. -EINVAL: bad @size or
 * @flags; -E2BIG: fields of a later library; otherwise as above.
 */
int dmaheap_buffer_load_all(struct dmaheap_buffer *buffer, int fd,
			    struct dmaheap_transfer *transfer);
int dmaheap_buffer_store_all(struct dmaheap_buffer *buffer, int fd,
			     struct dmaheap_transfer *transfer);

/* What is known of a buffer of contig_heaps. -EINVAL: bad @size; -EOPNOTSUPP: not of those. */
int dmaheap_buffer_info(struct dmaheap_buffer *buffer, struct dmaheap_buffer_info *info);

/*
 * Wait until devices have finished: before the CPU's DMAHEAP_READ for those that write the buffer,
 * before DMAHEAP_WRITE for all of them. dmaheap_buffer_sync() does so, too, but without a limit. A
 * negative @timeout_ms is none, 0 only looks. -ETIMEDOUT; -EINTR: a signal came; -EINVAL: bad flags.
 */
int dmaheap_buffer_wait(struct dmaheap_buffer *buffer, uint32_t flags, int timeout_ms);

/*
 * What dmaheap_buffer_wait() with these flags would wait for, as a sync file for the caller to close;
 * and what a sync file stands for as something that whoever uses the buffer next has to wait for:
 * @flags say what the work behind it does to the buffer. -EOPNOTSUPP: the kernel is older than 6.0;
 * -EINVAL: bad flags, or no sync file; -EBADF; -EMFILE.
 */
int dmaheap_buffer_export_fence(struct dmaheap_buffer *buffer, uint32_t flags, int *sync_file);
int dmaheap_buffer_import_fence(struct dmaheap_buffer *buffer, uint32_t flags, int sync_file);

#ifdef __cplusplus
}
#elif defined(__GNUC__)

static inline void dmaheap_access_leave(struct dmaheap_access *access)
{
	(void)dmaheap_access_end(access);
}

/*
 * A struct dmaheap_access that ends when its block is left, in GNU C:
 *
 *	DMAHEAP_SCOPED_ACCESS(access);
 *	int error = dmaheap_access_begin(buffer, 0, 0, DMAHEAP_WRITE, &access);
 */
#define DMAHEAP_SCOPED_ACCESS(name)						\
	struct dmaheap_access name __attribute__((cleanup(dmaheap_access_leave))) = { 0 }

#endif

#endif /* DMAHEAP_H */
