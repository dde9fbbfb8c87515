/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Common to the PMEM test programs. All of them run on the board of dts/qemu-virt.dtso with
 * contig_heaps and pmem_compat loaded, as root.
 */
#ifndef PMEM_TESTS_H
#define PMEM_TESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <linux/android_pmem.h>
#include <linux/types.h>

#include "../util.h"

/* The value of O_SYNC in old binaries; today, it is O_DSYNC. */
#define OLD_O_SYNC	0x1000

enum kind {
	BITMAP,
	BUDDY,
	ALL_OR_NOTHING,
	SYSTEM,
};

/**
 * struct node - a device of the board
 * @name: relative to /dev
 * @kind: its allocation policy
 * @size: bytes
 * @cached: mappings are cached unless the file was opened with O_SYNC
 * @base: physical address, 0 if the kernel chooses it
 * @heap: the heap on the same memory, or NULL
 */
struct node {
	const char *name;
	enum kind kind;
	size_t size;
	bool cached;
	unsigned long base;
	const char *heap;
};

extern const struct node nodes[];
extern const size_t nr_nodes;

const struct node *node_of(const char *name);
bool all_free(bool complain);

int pmem_open(const char *name);
int pmem_open_flags(const char *name, int flags);
int pmem_allocate(int fd, unsigned long len);
int pmem_allocate_aligned(int fd, unsigned long size, unsigned int align);
int pmem_connect(int fd, int master);
int pmem_map(int fd, unsigned long offset, unsigned long len);
int pmem_unmap(int fd, unsigned long offset, unsigned long len);
int pmem_flush(int fd, unsigned long offset, unsigned long len);
int pmem_cache(int fd, unsigned int cmd, const void *vaddr, unsigned long offset,
	       unsigned long length);
int pmem_export(int fd, __u32 flags);
int pmem_import(int fd, int dmabuf);
struct pmem_region pmem_size(int fd);
struct pmem_region pmem_phys(int fd);
struct pmem_freespace pmem_free_space(int fd);
unsigned long pmem_total(int fd);
void *pmem_mmap(int fd, size_t len);
int pmem_master(const char *name, size_t len, void **memory);
int pmem_sub(const char *name, int master);

int heap_alloc(const char *heap, size_t len, __u32 flags);

bool can_read(const void *addr);
bool can_write(void *addr);

__u64 address_of(int fd);
bool device_sees(int fd, const void *memory, size_t len);
char *heap_attribute(const char *heap, const char *attribute);
char *node_attribute(const char *node, const char *attribute);
unsigned long pmem_base(const char *name);
void pmem_wait_clean(const struct node *node);

int pmem_load(const char *parameters);
bool pmem_unload(void);
bool pmem_is_loaded(void);

bool maintenance_watch(void);
void maintenance_ignore(void);
void maintenance_forget(void);
bool maintained(__u64 address, size_t len);

/*
 * A peer is another process that calls functions for a test, one at a time. It is forked from the
 * test, so that functions have the same addresses, and closes the test's files and PMEM mappings.
 * on() returns the result of the function, and sets errno as in the peer.
 */
struct peer {
	pid_t pid;
	int socket;
};

typedef long peer_fn(const long *arg);

struct peer peer_start(void);
struct peer peer_start_with_files(void);
long peer_call(struct peer peer, peer_fn *fn, const long *arg);
void peer_call_begin(struct peer peer, peer_fn *fn, const long *arg);
long peer_call_end(struct peer peer);
int peer_give(struct peer peer, int fd);
int peer_take(struct peer peer, int fd);
void peer_end(struct peer peer);
void peer_kill(struct peer peer);
void peers_end(void);

#define on(peer, fn, ...)	\
	peer_call(peer, fn, (long[5]){ __VA_ARGS__ })
#define begin_on(peer, fn, ...)	\
	peer_call_begin(peer, fn, (long[5]){ __VA_ARGS__ })

long in_fork(peer_fn *fn, const long *arg);

/* For on(): take the arguments of the function above, or of the system call, in the same order. */
peer_fn do_open, do_close, do_dup2, do_mmap, do_mmap_prot, do_munmap, do_mremap, do_mprotect;
peer_fn do_allocate, do_connect, do_map, do_unmap, do_size, do_phys, do_master, do_sub;
peer_fn do_fill, do_filled, do_all_bytes, do_can_read, do_can_write, do_in_fork;
peer_fn do_drop_privileges, do_anonymous, do_cache, do_all_free;

#endif /* PMEM_TESTS_H */
