/* SPDX-License-Identifier: MIT */
/* Common to the commands of the dmaheap tool. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "dmaheap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

/* Exit statuses of the tool; documented in dmaheap(1). */
enum {
	OK		= 0,
	FAILED		= 1,
	USAGE		= 2,
	MISSING		= 3,
	DENIED		= 4,
	UNSUPPORTED	= 5,
};

/* Not a status: continue. */
#define GO_ON	(-1)

/**
 * struct command - a command of the tool
 * @name: its name
 * @summary: one line
 * @help: text of --help
 * @run: the implementation; argv[0] is the command
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_list, cmd_info, cmd_map, cmd_buffers, cmd_alloc, cmd_watch,
	cmd_load, cmd_store, cmd_trim, cmd_sync, cmd_pmem, cmd_bench, cmd_doctor;

/* main.c: the current command, for messages and help */
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
 * struct heap_state - properties of a heap that any user can see
 * @name: name under /dev/dma_heap
 * @ours: it belongs to contig_heaps; the figures are valid
 * @openable: this user can open it
 * @mode: mode of its node
 * @uid: owner of its node
 * @gid: group of its node
 * @size: bytes of its region
 * @free: bytes that are not allocated
 * @largest: longest free run
 * @held: free bytes that the heap already has; 0 with older modules
 * @dirty: held bytes that must be zeroed
 * @quantum: unit of allocation
 * @fragmentation: per cent
 * @buffers: live buffers of this heap
 * @region_buffers: live buffers of all heaps on its region
 * @uncached: its buffers are write-combined
 * @region: name of its region; heaps with the same region share its memory
 * @kind: kind of its memory
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
 * struct placed - a buffer as listed in debugfs
 * @region: its region
 * @offset: offset in the region
 * @size: bytes
 * @age: seconds
 * @inode: inode of its dma-buf
 * @pid: process that allocated it
 * @comm: name of the process at that time
 * @heap: heap that it was allocated from
 * @importers: devices, or "-"
 * @name: its name, or "-"
 */
struct placed {
	uint64_t offset, size;
	double age;
	unsigned long inode;
	int pid;
	char region[256], comm[17], heap[64], importers[256], name[33];
};

/**
 * struct region_map - the map of a region in debugfs
 * @cell: bytes per cell, 0 if there is no map
 * @cells: '#' used, '.' free and zero, ':' free and dirty, ' ' with the kernel; a string
 * @count: number of cells
 * @buffers: its buffers, sorted by offset
 * @nr_buffers: number of buffers
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
 * @fds: number of file descriptors
 * @maps: number of mappings
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
 * @exporter: the heap, or the name of another exporter
 * @name: its name, or ""
 * @holders: one entry per process
 * @nr_holders: number of processes
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
