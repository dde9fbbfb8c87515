/* SPDX-License-Identifier: MIT */
/*
 * libdmaheap: contiguous and other dma-buf heaps for programs.
 *
 * Limitations:
 *  - The kernel's own heaps ("system", for example) only allocate: they have no statistics, no
 *    alignment, and no sync of a part of a buffer. Unsupported calls return -EOPNOTSUPP; there are
 *    no silent fallbacks.
 *  - Expect huge page table entries only for buffers of contig_heaps. For a buffer that the library
 *    did not align itself, it queries the alignment from the heap or /dev/contig_buffer.
 *  - After fork(), a child may use the heaps and buffers it inherited, unless another thread of the
 *    parent was inside this library during the fork().
 *
 * Functions that return int return 0 or a negative errno value, which dmaheap_strerror() explains,
 * and store results through their last argument only when they return 0. All functions may be
 * called by several threads at once, also for the same heap or buffer. They do not print, exit or
 * change the signal mask. The file descriptors they create are close-on-exec.
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

/* An open heap, and a buffer; both are reference-counted. */
struct dmaheap;
struct dmaheap_buffer;

/* dmaheap_features(): what a heap supports in addition to plain allocation */
#define DMAHEAP_CAN_QUERY	(1U << 0)  /* dmaheap_query() */
#define DMAHEAP_CAN_ALIGN	(1U << 1)  /* an alignment of more than a page */
#define DMAHEAP_CAN_SYNC_PART	(1U << 2)  /* dmaheap_buffer_sync() for a part of a buffer */

/*
 * Structures may grow at their end. Each begins with its size, which the caller sets, preferably by
 * the structure's DMAHEAP_*_INIT. The library accepts a larger structure than it knows: unknown
 * output fields are set to 0, unknown input fields must be 0. It also accepts a smaller one:
 * missing fields are not filled in, and are taken as 0.
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
 * @total: bytes of the heap's region
 * @free: bytes that are not allocated
 * @largest: bytes of the longest free run
 * @dirty: free bytes that have yet to be zeroed
 * @quantum: unit of allocation in bytes; sizes are rounded up to a multiple of it
 * @buffers: live buffers of this heap
 * @region_buffers: live buffers of all heaps on the same region
 * @held: free bytes that the heap already has; it allocates the rest of @free from the kernel when
 *	needed. 0 with older modules.
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
#define DMAHEAP_ENTRY_KNOWN	(1U << 16) /* of contig_heaps; otherwise fields below @name are 0 */
#define DMAHEAP_ENTRY_OPENABLE	(1U << 17) /* this user may open it */

/**
 * struct dmaheap_entry - a heap's properties that are visible to any user
 * @size: in: sizeof(struct dmaheap_entry), by DMAHEAP_ENTRY_INIT
 * @flags: DMAHEAP_ENTRY_*, DMAHEAP_INFO_*
 * @name: name under /dev/dma_heap
 * @total: bytes of its region
 * @free: bytes that are not allocated
 * @largest: bytes of the longest free run
 * @dirty: free bytes that have yet to be zeroed
 * @quantum: unit of allocation in bytes; sizes are rounded up to a multiple of it
 * @buffers: live buffers of this heap
 * @region_buffers: live buffers of all heaps on the same region
 * @region: name of its region; heaps with the same region share its memory
 * @kind: kind of the memory, as in struct dmaheap_buffer_info
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
 * struct dmaheap_buffer_info - the state of a buffer
 * @size: in: sizeof(struct dmaheap_buffer_info), by DMAHEAP_BUFFER_INFO_INIT
 * @flags: DMAHEAP_INFO_* of its memory
 * @bytes: its size
 * @age: nanoseconds since it was allocated, including time in suspend
 * @extents: number of contiguous pieces that its memory consists of
 * @importers: devices that are attached to it
 * @mapped: how many of them have it mapped
 * @reserved: 0
 * @heap: the heap it was allocated from, which may have been removed
 * @kind: kind of the memory: "carveout", "lent", "cma", "system", "device"
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

/* struct dmaheap_options, @flags. Their values do not overlap those of DMAHEAP_READ and so on. */
#define DMAHEAP_ALLOC_CACHED	(1U << 8)  /* from the cached heap on this region */
#define DMAHEAP_ALLOC_UNCACHED	(1U << 9)  /* from the uncached heap on this region */
#define DMAHEAP_ALLOC_READ_ONLY	(1U << 10) /* the file descriptor is open for reading only */
#define DMAHEAP_ALLOC_ANY_PLACE	(1U << 11) /* do not prefer an offset for huge entries */

/**
 * struct dmaheap_options - how to allocate
 * @size: sizeof(struct dmaheap_options), by DMAHEAP_OPTIONS_INIT
 * @flags: DMAHEAP_ALLOC_*; with 0, the buffer is cached or uncached like the heap, and its file
 *	descriptor is readable and writable
 * @align: alignment of the physical address in bytes, a power of two; 0 leaves it to the library:
 *	large buffers are aligned for huge page table entries where that costs no memory
 * @name: name of the buffer, which tools show; at most 31 bytes, or NULL
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
/* dmaheap_buffer_sync(): end the access instead of beginning it */
#define DMAHEAP_END		(1U << 2)

/**
 * struct dmaheap_access - a CPU access to a part of a buffer, while it lasts
 * @data: the first byte of the part
 * @len: bytes
 * @offset: first byte of the part in the buffer
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
 * struct dmaheap_transfer - a transfer between a file and a buffer, and its progress
 * @size: sizeof(struct dmaheap_transfer), by DMAHEAP_TRANSFER_INIT
 * @flags: 0
 * @offset: first byte of the part in the buffer
 * @len: bytes; 0 means the rest
 * @file_offset: first byte in the file; 0 for a pipe or a socket
 * @done: out: bytes transferred, also after an error
 * @progress: called with the bytes done and the total after each step and after a signal; if it
 *	returns a value other than 0, the transfer ends and returns that value; or NULL
 * @data: passed to @progress
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

/* Version of the linked library: "MAJOR.MINOR", followed by details of its build. */
const char *dmaheap_version(void);

/*
 * Describe an error that a function of this library returned. Never returns NULL; the sign of
 * @error does not matter. The text for an unexpected number contains that number, and is valid
 * until the thread's next call.
 */
const char *dmaheap_strerror(int error);

/*
 * Call @log for every error in a function of this library, also for errors that the library works
 * around, such as a heap in a list that could not allocate. @log gets a negative errno, and a line
 * of text about the operation that failed. NULL, the default, disables this. When this function
 * returns, another thread may still be inside the previous @log. @log may call the library.
 */
void dmaheap_set_log(void (*log)(int error, const char *text, void *data), void *data);

/*
 * Call @each for the name of every heap that exists, in the order of their names, until @each
 * returns a value other than 0, which is then returned. The caller may lack permission to open some
 * of them. -ENOENT: the kernel has no heaps at all.
 */
int dmaheap_for_each(int (*each)(const char *name, void *data), void *data);

/*
 * Fill in @entry for every heap that exists, in the order of their names, and call @each, until
 * @each returns a value other than 0, which is then returned. No heap is opened, and no permission
 * is needed. -ENOENT: the kernel has no heaps at all; -EINVAL: bad @size in @entry.
 */
int dmaheap_list(struct dmaheap_entry *entry,
		 int (*each)(const struct dmaheap_entry *entry, void *data), void *data);

/*
 * Anonymous memory as dma-bufs, for kernels without heaps. Use this name to open it, and to
 * allocate from it, like a heap; the library uses it only if this name is passed. Its buffers are
 * not contiguous. They can be neither uncached nor read-only, and have no alignment of more than a
 * page.
 */
#define DMAHEAP_UDMABUF	"/dev/udmabuf"

/*
 * Open a heap by its name under /dev/dma_heap, or DMAHEAP_UDMABUF. -ENOENT: there is no heap of
 * that name; -EACCES: no permission; -EINVAL: not a valid name; -ENODEV: it is being removed.
 */
int dmaheap_open(const char *name, struct dmaheap **heap);

/*
 * Open the first heap of a list that ends with NULL. Names that do not exist are skipped. If no
 * heap can be opened, the error is that of the first heap that exists, or -ENOENT. If @names is
 * NULL, the names of the kernel's default contiguous area are tried.
 */
int dmaheap_open_first(const char *const *names, struct dmaheap **heap);

/*
 * Open a heap from a file descriptor, which may come from another process. The file descriptor is
 * duplicated and stays the caller's. -EBADF; -EINVAL: not a heap. Such a heap has no name and no
 * other variant.
 */
int dmaheap_open_fd(int fd, struct dmaheap **heap);

/* Take and drop a reference. Buffers hold their heap. NULL is allowed. */
struct dmaheap *dmaheap_ref(struct dmaheap *heap);
void dmaheap_unref(struct dmaheap *heap);

/* "" for a heap from a file descriptor. Valid as long as the heap is referenced. */
const char *dmaheap_name(const struct dmaheap *heap);
/* The heap's file descriptor; the caller must not close it. */
int dmaheap_fd(const struct dmaheap *heap);
/* DMAHEAP_CAN_* */
uint32_t dmaheap_features(const struct dmaheap *heap);

/* -EOPNOTSUPP: the heap has no statistics; -EINVAL: bad @size in @info; -ENODEV: heap removed. */
int dmaheap_query(struct dmaheap *heap, struct dmaheap_info *info);

/*
 * Allocate @size bytes, rounded up to whole pages; all of them are 0. @options may be NULL.
 * -EINVAL: a size of 0, bad options; -E2BIG: options of a later library; -ENAMETOOLONG; -ENOMEM: no
 * free run is long enough; -EOPNOTSUPP: the heap cannot align, or has no cached or uncached variant
 * as requested; -EACCES: no permission for that variant; -EINTR; -EMFILE; -ENFILE; -ENODEV: heap
 * removed.
 */
int dmaheap_alloc(struct dmaheap *heap, uint64_t size, const struct dmaheap_options *options,
		  struct dmaheap_buffer **buffer);

/*
 * Allocate from the first heap in a list that exists, can be opened, has a long enough run, and
 * supports @options. The list ends with NULL. If @heap is not NULL, it is set to a new reference to
 * that heap. If no heap can serve the request, the error is that of the first heap that exists, or
 * -ENOENT. No option is dropped to make an allocation succeed. If @names is NULL, the names of the
 * kernel's default contiguous area are tried. Errors that do not depend on the heap, such as
 * -EINVAL, -EINTR and -EMFILE, are returned at once.
 */
int dmaheap_alloc_first(const char *const *names, uint64_t size,
			const struct dmaheap_options *options, struct dmaheap **heap,
			struct dmaheap_buffer **buffer);

/*
 * Create a buffer from a dma-buf's file descriptor, which is duplicated and stays the caller's.
 * @heap is NULL, or any heap of contig_heaps, which saves opening /dev/contig_buffer to sync a
 * part. -EBADF; -EINVAL: not a dma-buf.
 */
int dmaheap_buffer_import(struct dmaheap *heap, int fd, struct dmaheap_buffer **buffer);

/* The same, but takes ownership of @fd: it is closed with the buffer, or if this fails. */
int dmaheap_buffer_take(struct dmaheap *heap, int fd, struct dmaheap_buffer **buffer);

/*
 * Send or receive the dma-buf over a connected Unix socket, with a message of one byte. The
 * receiver needs no heap and no permission to open one. Receiving: -EPIPE: the other side has
 * closed the socket; -EBADMSG: another message came, which is lost. Both: the errors of sendmsg()
 * and recvmsg().
 */
int dmaheap_buffer_send(struct dmaheap_buffer *buffer, int socket);
int dmaheap_buffer_receive(int socket, struct dmaheap_buffer **buffer);

/*
 * Create a buffer from a PMEM master (an open /dev/pmem* file that has its own allocation). @heap
 * as for dmaheap_buffer_import(). -EINVAL: the file has no allocation, or is connected to another
 * file; -EACCES: it is not open for reading and writing; -EOPNOTSUPP: not a PMEM file.
 */
int dmaheap_buffer_import_pmem(struct dmaheap *heap, int pmem_fd, struct dmaheap_buffer **buffer);

/*
 * Make the buffer the allocation of a PMEM file that has none. The file then holds a reference to
 * the memory. -EINVAL: the file has an allocation, or the buffer is not of contig_heaps; -EACCES:
 * the buffer is read-only; -EOPNOTSUPP: not a PMEM file.
 */
int dmaheap_buffer_export_pmem(struct dmaheap_buffer *buffer, int pmem_fd);

/*
 * Take and drop a reference. Dropping the last one unmaps the buffer and closes its file
 * descriptor; the memory stays allocated as long as a driver or another process uses it. NULL is
 * allowed.
 */
struct dmaheap_buffer *dmaheap_buffer_ref(struct dmaheap_buffer *buffer);
void dmaheap_buffer_unref(struct dmaheap_buffer *buffer);

/* The dma-buf's file descriptor, to pass to a driver. The caller must not close it. */
int dmaheap_buffer_fd(const struct dmaheap_buffer *buffer);
/* Bytes, a multiple of the page size. */
uint64_t dmaheap_buffer_size(const struct dmaheap_buffer *buffer);

/* A new file descriptor for the dma-buf, for the caller to close. */
int dmaheap_buffer_export(struct dmaheap_buffer *buffer, int *fd);

/* Set the name that tools show for the buffer. -ENAMETOOLONG: more than 31 bytes. */
int dmaheap_buffer_set_name(struct dmaheap_buffer *buffer, const char *name);

/*
 * Map the whole buffer, with all the access rights of its file descriptor. It is mapped once, at an
 * address that suits huge page table entries if the buffer is large enough. Every call returns the
 * same address, and must be matched by dmaheap_buffer_unmap(). -EINVAL: the exporter does not allow
 * it; -ENOMEM.
 */
int dmaheap_buffer_map(struct dmaheap_buffer *buffer, void **data);
/* -EINVAL: not mapped. */
int dmaheap_buffer_unmap(struct dmaheap_buffer *buffer);

/*
 * Create a separate mapping of a part of the buffer: readable with DMAHEAP_READ, readable and
 * writable with DMAHEAP_RW or DMAHEAP_WRITE. The mapping stays until it is unmapped with the same
 * @len, even after the last reference to the buffer was dropped. It does not begin an access.
 * -EINVAL: bad flags, an empty part or one outside the buffer; -EACCES: DMAHEAP_WRITE for a
 * read-only buffer; -EOVERFLOW: too large for this process; -ENOMEM.
 */
int dmaheap_buffer_map_part(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			    uint32_t flags, void **data);
/* -EINVAL: @data was not returned by dmaheap_buffer_map_part(). */
int dmaheap_buffer_unmap_part(void *data, uint64_t len);

/*
 * Begin (or, with DMAHEAP_END, end) a CPU access to a part of a buffer. For the whole buffer this
 * works with every exporter. -EINVAL: bad flags, an empty part or one outside the buffer;
 * -EOPNOTSUPP: a part, but the buffer is not of contig_heaps.
 */
int dmaheap_buffer_sync(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			uint32_t flags);

/*
 * Map the buffer and begin an access in one call; a @len of 0 means the rest after @offset.
 * -EACCES: DMAHEAP_WRITE for a read-only buffer; otherwise as dmaheap_buffer_map() and
 * dmaheap_buffer_sync().
 */
int dmaheap_access_begin(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			 uint32_t flags, struct dmaheap_access *access);

/* End the access and unmap. Further calls do nothing and return 0. */
int dmaheap_access_end(struct dmaheap_access *access);

/*
 * Read a file into a part of a buffer, or write that part to a file, without a copy in the program.
 * A @len of 0 means the rest after @offset. @fd is a regular file, a block device, a pipe or a
 * socket; its position is neither used nor changed. With O_DIRECT, its device accesses the memory
 * by DMA; offsets and length must then be multiples of its block size. Each call is a complete CPU
 * access, which needs no sync.
 *
 * @done is set to the number of bytes transferred. They are fewer than @len at the end of the file,
 * if no space is left, and after a signal or an error in the middle; to get the error, call again
 * for the rest.
 *
 * -EINVAL: a part outside the buffer, or a file without data; -EACCES: the buffer is not open for
 * this access; -EBADF: the file is not open for it; -ESPIPE: an offset into a pipe or socket;
 * -EINTR: a signal came before any data; -EOPNOTSUPP: not a buffer of contig_heaps, or its module
 * is older than this call; and the errors of reading or writing the file.
 */
int dmaheap_buffer_load(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			uint64_t file_offset, uint64_t *done);
int dmaheap_buffer_store(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			 uint64_t file_offset, uint64_t *done);

/*
 * The same in steps, until the whole part is transferred, the file or stream ends, or an error
 * occurs, which is returned. A signal does not end the transfer. -EINVAL: bad @size or @flags;
 * -E2BIG: fields of a later library; otherwise as above.
 */
int dmaheap_buffer_load_all(struct dmaheap_buffer *buffer, int fd,
			    struct dmaheap_transfer *transfer);
int dmaheap_buffer_store_all(struct dmaheap_buffer *buffer, int fd,
			     struct dmaheap_transfer *transfer);

/* -EINVAL: bad @size in @info; -EOPNOTSUPP: not a buffer of contig_heaps. */
int dmaheap_buffer_info(struct dmaheap_buffer *buffer, struct dmaheap_buffer_info *info);

/*
 * Wait until devices have finished with the buffer: with DMAHEAP_READ, devices that write it; with
 * DMAHEAP_WRITE, all devices. dmaheap_buffer_sync() also waits, but without a limit. A negative
 * @timeout_ms means no limit, 0 checks without waiting. -ETIMEDOUT; -EINTR: a signal came; -EINVAL:
 * bad flags.
 */
int dmaheap_buffer_wait(struct dmaheap_buffer *buffer, uint32_t flags, int timeout_ms);

/*
 * Export the fences that dmaheap_buffer_wait() would wait for with these flags as a sync file,
 * which the caller closes. Import a sync file as a fence that the next users of the buffer wait
 * for; here, @flags say whether the pending work reads or writes the buffer. -EOPNOTSUPP: the
 * kernel is older than 6.0; -EINVAL: bad flags, or no sync file; -EBADF; -EMFILE.
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
