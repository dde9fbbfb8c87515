/* SPDX-License-Identifier: MIT */
/* What the commands of the dmaheap tool share. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "dmaheap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

/* What the tool's status says; documented in dmaheap(1). */
enum {
	OK		= 0,
	FAILED		= 1,
	USAGE		= 2,
	MISSING		= 3,
	DENIED		= 4,
	UNSUPPORTED	= 5,
};

/* No status: there is more to do. */
#define GO_ON	(-1)

/**
 * struct command - one thing the tool can do
 * @name: how it is called
 * @summary: one line
 * @help: what --help says
 * @run: does it; argv[0] is the command
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_list, cmd_info, cmd_map, cmd_buffers, cmd_alloc, cmd_watch,
	cmd_load, cmd_store, cmd_trim, cmd_sync, cmd_pmem, cmd_bench, cmd_doctor;

/* main.c: the command that runs, for messages and help */
int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
int bad_option(void);
int fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
int show_help(void);
int plain_options(int argc, char **argv, bool *json);

/* contents.c */
int load_contents(const char *path, bool direct, struct dmaheap_buffer *buffer);
int store_contents(const char *path, bool direct, struct dmaheap_buffer *buffer);

/* refusal.c */
void explain_refusal(int error, const char *name, uint64_t size,
		     const struct dmaheap_options *options);

/* hold.c */
void hold(const struct dmaheap_buffer *buffer);
int run_program(char **argv, struct dmaheap_buffer *buffer);

/* text.c */
bool parse_size(const char *text, uint64_t *size);
bool parse_number(const char *text, unsigned long max, unsigned long *result);
const char *size_text(uint64_t size, char *buf, size_t len);
const char *place_text(uint64_t offset, char *buf, size_t len);
void print_safe(const char *text);
char *read_file(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool read_u64(uint64_t *value, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool use_colour(const char *when);
bool strip_uncached(const char *name, char *buf, size_t len);

#ifdef DMAHEAP_TEST_ROOT
const char *root(void);
#else
#define root()	""
#endif

/**
 * struct heap_state - what anybody can see of a heap
 * @name: below /dev/dma_heap
 * @ours: it is of contig_heaps; the figures are valid
 * @openable: this user may open it
 * @mode: of its node
 * @uid: owner of its node
 * @gid: group of its node
 * @size: bytes managed
 * @free: bytes not allocated
 * @largest: longest free run
 * @held: free, and need not be had from the kernel first; 0 from older modules
 * @dirty: held, but to be zeroed
 * @quantum: unit of allocation
 * @fragmentation: percent
 * @buffers: live ones of this heap
 * @region_buffers: live ones of all heaps on its memory
 * @uncached: its buffers are write-combined
 * @region: name of its memory; heaps of the same region share that
 * @kind: of its memory
 */
struct heap_state {
	char name[256];
	bool ours;
	bool openable;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint64_t size, free, largest, held, dirty, quantum, fragmentation, buffers;
	uint64_t region_buffers, uncached;
	char region[256], kind[16];
};

/* heaps.c */
int heap_read(const char *name, struct heap_state *state);
int heaps_read(struct heap_state **states, size_t *count);
const struct heap_state *heap_find(const struct heap_state *states, size_t count, const char *name);
bool same_region(const struct heap_state *a, const struct heap_state *b);
bool first_of_region(const struct heap_state *states, size_t i);
bool is_elastic(const struct heap_state *state);
uint64_t with_kernel(const struct heap_state *state);
const char *group_name(gid_t gid, char *buf, size_t len);

/**
 * struct placed - a buffer as debugfs lists it
 * @region: where
 * @offset: into the region
 * @size: bytes
 * @age: seconds
 * @inode: of its dma-buf
 * @pid: who allocated it
 * @comm: and what that was called
 * @heap: from which heap
 * @importers: devices, or "-"
 * @name: or "-"
 */
struct placed {
	uint64_t offset, size;
	double age;
	unsigned long inode;
	int pid;
	char region[256], comm[17], heap[64], importers[256], name[33];
};

/**
 * struct region_map - a region as debugfs draws it
 * @cell: bytes of one cell, 0 if there is no drawing
 * @cells: '#' used, '.' free and zero, ':' free and dirty, ' ' with the kernel; a string
 * @count: of cells
 * @buffers: what lives there, by offset
 * @nr_buffers: how many
 */
struct region_map {
	uint64_t cell;
	char *cells;
	size_t count;
	struct placed *buffers;
	size_t nr_buffers;
};

/* region.c */
bool parse_map(const char *text, struct region_map *map);
bool parse_buffers(const char *text, struct region_map *map);
int region_read(const char *region, struct region_map *map);
const char *region_blind(int error);
void region_free(struct region_map *map);

/**
 * struct holder - a process that holds a dma-buf
 * @pid: the process
 * @fds: file descriptors it has
 * @maps: mappings it has
 * @comm: its name
 */
struct holder {
	int pid;
	unsigned int fds, maps;
	char comm[17];
};

/**
 * struct held - a dma-buf that processes hold
 * @inode: identifies it
 * @size: bytes, 0 if only mappings are known
 * @exporter: the heap, or another exporter's name
 * @name: or ""
 * @holders: by process
 * @nr_holders: how many
 */
struct held {
	unsigned long inode;
	uint64_t size;
	char exporter[64], name[33];
	struct holder *holders;
	size_t nr_holders;
};

/* holders.c */
bool parse_fdinfo(const char *text, struct held *held);
bool parse_maps_line(const char *line, unsigned long *inode);
int held_read(struct held **list, size_t *count, unsigned int *hidden);
void tell_hidden(unsigned int processes);
void held_free(struct held *list, size_t count);

/* describe.c */
void describe_heap(const struct heap_state *state);
void describe_region(const struct heap_state *states, size_t count, size_t first);
void describe_placed(const struct placed *placed);

/* draw.c; more in draw.h */
void draw_bar(const struct heap_state *state, unsigned int width, bool colour);
void draw_terminal(const struct heap_state *state, const struct region_map *map,
		   unsigned int width, bool colour);

/* svg.c */
void draw_svg(FILE *file, const struct heap_state *state, const struct region_map *map);

#endif /* TOOL_H */
