// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who can see physical addresses. Only root can open the nodes: an unprivileged caller here has
 * got an open file from a privileged one.
 */
#include <sys/stat.h>

#include "../flush_trace.h"
#include "test.h"

#define LEN	MiB(1)

NODE_FIXTURE(phys);

/* Start a process with another user ID; its socket passes files. */
static struct peer unprivileged(void)
{
	struct peer peer = peer_start();

	if (on(peer, do_drop_privileges))
		abort();
	return peer;
}

static long size_offset(const long *arg)
{
	return pmem_size(arg[0]).offset;
}

static long base_file(const long *arg)
{
	char *path = format("/sys/kernel/pmem_regions/%s/base", (const char *)arg[0]);
	char *text = read_text(path);
	long zero = text && !strcmp(text, "0(0x0)\n");

	free(path);
	free(text);
	return zero;
}

TEST_F(phys, root_sees_addresses)
{
	char *memory = pmem_mmap(self->fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	EXPECT_NE(0, address_of(self->fd));
	EXPECT_EQ(address_of(self->fd), pmem_phys(self->fd).offset);
	EXPECT_EQ(address_of(self->fd), pmem_size(self->fd).offset);
	EXPECT_TRUE(device_sees(self->fd, memory, LEN));
	if (self->node->base) {
		EXPECT_LE(self->node->base, pmem_phys(self->fd).offset);
		EXPECT_GE(self->node->base + self->node->size - LEN, pmem_phys(self->fd).offset);
	}
}

TEST_F(phys, others_see_handles)
{
	struct peer peer = unprivileged();
	int there = peer_give(peer, self->fd), round;
	unsigned long handle;

	EXPECT_EQ(0, on(peer, do_phys, there));
	EXPECT_EQ(0, on(peer, size_offset, there));
	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	handle = on(peer, do_phys, there);
	EXPECT_NE(0, handle);
	EXPECT_NE(pmem_phys(self->fd).offset, handle);
	/* Clients add to it, so the allocation must end below 4 GiB. */
	EXPECT_EQ(0, (__u64)handle >> 32);
	EXPECT_GE(1ULL << 32, (__u64)handle + pmem_size(self->fd).len);
	EXPECT_EQ(0, handle % PAGE);
	for (round = 0; round < 20; round++) {
		EXPECT_EQ(handle, (unsigned long)on(peer, do_phys, there));
		EXPECT_EQ(handle, (unsigned long)on(peer, size_offset, there));
	}
	/* Lengths are not secret. */
	EXPECT_EQ(pmem_size(self->fd).len, (unsigned long)on(peer, do_size, there));
}

/* A query is not a violation: the audit log must not report a missing capability. */
TEST_F(phys, asking_is_not_audited)
{
	struct utsname kernel;
	struct peer peer;
	char *trace;

	ASSERT_EQ(0, uname(&kernel));
	if (!strncmp(kernel.machine, "armv7", strlen("armv7")))
		SKIP(return, "the registers have other names on a kernel for %s", kernel.machine);
	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	peer = unprivileged();
	/* CAP_SYS_RAWIO is 17, CAP_OPT_NOAUDIT 2. */
	ASSERT_TRUE(write_text(FLUSH_TRACE_DIR "kprobe_events",
			       "p:asked security_capable cap=%x2:u32 opts=%x3:u32\n"));
	ASSERT_TRUE(write_text(FLUSH_TRACE_DIR "events/kprobes/asked/filter", "cap == 17"));
	ASSERT_TRUE(write_text(FLUSH_TRACE_DIR "events/kprobes/enable", "1"));
	ASSERT_TRUE(write_text(FLUSH_TRACE_DIR "trace", ""));
	on(peer, size_offset, peer_give(peer, self->fd));
	on(peer, base_file, (long)self->name);
	trace = flush_trace_take();
	flush_trace_end();
	EXPECT_NE(NULL, strstr(trace, "cap=17 opts=2\n"));
	EXPECT_EQ(NULL, strstr(trace, "cap=17 opts=0\n"));
	free(trace);
}

TEST_F(phys, all_unprivileged_see_the_same)
{
	struct peer first = unprivileged(), second = unprivileged();
	unsigned long handle;

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	handle = on(first, do_phys, peer_give(first, self->fd));
	EXPECT_EQ(handle, (unsigned long)on(second, do_phys, peer_give(second, self->fd)));
}

TEST_F(phys, connected_file_shows_its_masters_handle)
{
	struct peer peer = unprivileged();
	unsigned long handle;
	int sub, there;

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	sub = pmem_sub(self->name, self->fd);
	ASSERT_LE(0, sub);
	handle = on(peer, do_phys, peer_give(peer, self->fd));
	there = peer_give(peer, sub);
	EXPECT_EQ(handle, (unsigned long)on(peer, do_phys, there));
	EXPECT_EQ(handle, (unsigned long)on(peer, size_offset, there));
	EXPECT_EQ(0, close(self->fd));
	peers_end();
	/* And after that is gone. */
	peer = unprivileged();
	there = peer_give(peer, sub);
	EXPECT_EQ(handle, (unsigned long)on(peer, do_phys, there));
}

TEST_F(phys, mapping_changes_nothing)
{
	struct peer peer = unprivileged();
	int there = peer_give(peer, self->fd);
	unsigned long handle;
	long view;

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	handle = on(peer, do_phys, there);
	view = on(peer, do_mmap, there, LEN);
	ASSERT_NE(-1, view);
	EXPECT_EQ(handle, (unsigned long)on(peer, do_phys, there));
	ASSERT_EQ(0, on(peer, do_munmap, view, LEN));
	EXPECT_EQ(handle, (unsigned long)on(peer, do_phys, there));
}

IDLE_FIXTURE(handles);

/*
 * Handles of different allocations differ, so that clients that compute with them do not mix them
 * up.
 */
TEST_F(handles, of_live_allocations_differ)
{
	enum { COUNT = 16 };
	unsigned long start[COUNT], end[COUNT];
	struct peer peer = unprivileged();
	size_t i, k;

	/* Several on each device that has room, one on the others. */
	for (i = 0; i < COUNT; i++) {
		const struct node *node = &nodes[i % nr_nodes];
		int fd = pmem_open(node->name);

		if (pmem_allocate(fd, KiB(100))) {
			ASSERT_EQ(ALL_OR_NOTHING, node->kind);
			start[i] = 0;
			end[i] = 0;
			continue;
		}
		start[i] = on(peer, do_phys, peer_give(peer, fd));
		end[i] = start[i] + pmem_size(fd).len;
		for (k = 0; k < i; k++)
			EXPECT_TRUE(end[i] <= start[k] || end[k] <= start[i]);
	}
}

/* The handle of a file that imports the dma-buf and is closed again. */
static unsigned long handle_of_import(struct peer peer, int dmabuf)
{
	int fd = pmem_open("pmem"), there;
	unsigned long handle;

	if (pmem_import(fd, dmabuf))
		die("import");
	there = peer_give(peer, fd);
	handle = on(peer, do_phys, there);
	if (on(peer, do_close, there) || close(fd))
		die("close");
	return handle;
}

/* A handle in use is not reused, however many others are allocated and freed. */
TEST_F(handles, of_live_allocations_are_not_used_again)
{
	int dmabuf = heap_alloc("adsp", MiB(48), O_RDWR | O_CLOEXEC), round;
	static const char *const names[] = { "pmem", "pmem_sys", "pmem_smipool" };
	unsigned long live[ARRAY_SIZE(names)];
	struct peer peer = unprivileged();
	size_t i;

	ASSERT_LE(0, dmabuf);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = pmem_open(names[i]);

		ASSERT_EQ(0, pmem_allocate(fd, MiB(1)));
		live[i] = on(peer, do_phys, peer_give(peer, fd));
	}
	/* Twice the number of available handles. */
	for (round = 0; round < 160; round++) {
		unsigned long handle = handle_of_import(peer, dmabuf);

		for (i = 0; i < ARRAY_SIZE(names); i++) {
			EXPECT_TRUE(handle + MiB(48) <= live[i] || live[i] + MiB(1) <= handle) {
				TH_LOG("round %d: %#lx and %#lx of %s", round, handle, live[i],
				       names[i]);
			}
		}
	}
	ASSERT_EQ(0, close(dmabuf));
}

/* If all are in use, allocation fails, but only until one is freed. */
TEST_F(handles, run_out)
{
	int dmabuf = heap_alloc("adsp", MiB(48), O_RDWR | O_CLOEXEC), fds[100], count = 0;

	ASSERT_LE(0, dmabuf);
	for (;;) {
		fds[count] = pmem_open("pmem");
		ASSERT_LE(0, fds[count]);
		if (pmem_import(fds[count], dmabuf))
			break;
		ASSERT_GT(99, ++count);
	}
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_REGION(0, 0, pmem_size(fds[count]));
	/* 3.5 GiB of numbers. */
	EXPECT_LE(70, count);
	ASSERT_EQ(0, close(fds[0]));
	EXPECT_EQ(0, pmem_import(fds[count], dmabuf));
	while (count)
		close(fds[count--]);
	close(dmabuf);
}

/* A connected file keeps the handle of its master, so it is in use after the master is closed. */
TEST_F(handles, of_a_file_that_lost_its_master)
{
	int dmabuf = heap_alloc("adsp", MiB(48), O_RDWR | O_CLOEXEC), round;
	int master = pmem_open("pmem"), sub;
	struct peer peer = unprivileged();
	unsigned long handle, other;

	ASSERT_EQ(0, pmem_allocate(master, MiB(1)));
	sub = pmem_sub("pmem", master);
	handle = on(peer, do_phys, peer_give(peer, sub));
	close(master);
	for (round = 0; round < 160; round++) {
		other = handle_of_import(peer, dmabuf);
		EXPECT_TRUE(other + MiB(48) <= handle || handle + MiB(1) <= other);
	}
	close(dmabuf);
}

/* Handles always have 32 bits: after the last, they wrap around. */
TEST_F(handles, begin_again_after_the_last)
{
	int dmabuf = heap_alloc("adsp", MiB(48), O_RDWR | O_CLOEXEC), round;
	struct peer peer = unprivileged();
	unsigned long last = 0;
	bool again = false;

	ASSERT_LE(0, dmabuf);
	for (round = 0; round < 100; round++) {
		unsigned long handle = handle_of_import(peer, dmabuf);

		EXPECT_NE(0, handle);
		EXPECT_EQ(0, handle % PAGE);
		EXPECT_GE(1ULL << 32, (__u64)handle + MiB(48));
		again |= handle < last;
		last = handle;
	}
	EXPECT_TRUE(again);
	ASSERT_EQ(0, close(dmabuf));
}

/* Does text contain a number in [base, base + size), hexadecimal or decimal? */
static bool names_address(const char *text, unsigned long base, unsigned long size)
{
	while (*text) {
		char *end;
		unsigned long long hex = strtoull(text, &end, 16);

		if (end == text) {
			text++;
			continue;
		}
		if (hex - base < size || (strtoull(text, NULL, 10) - base < size))
			return true;
		/* Offsets in /proc/PID/maps may be in pages or bytes. */
		if (hex >= base / PAGE && hex < (base + size) / PAGE)
			return true;
		text = end;
	}
	return false;
}

/* The lines of the maps for this device, without their virtual addresses. */
static char *maps_of(const char *name)
{
	char *text = read_text("/proc/self/maps"), *found = calloc(1, MiB(1)), *line, *rest;
	char *wanted = format("/dev/%s\n", name);

	for (line = text; line && *line; line = rest) {
		char *end = strchr(line, '\n'), *fields = strchr(line, ' ');
		size_t len = end - line + 1;

		rest = line + len;
		if (len > strlen(wanted) &&
		    !strncmp(rest - strlen(wanted), wanted, strlen(wanted)))
			strncat(found, fields, rest - fields);
	}
	free(text);
	free(wanted);
	return found;
}

TEST_F(phys, maps_show_no_address)
{
	char *memory = pmem_mmap(self->fd, LEN), *text;
	unsigned long phys = pmem_phys(self->fd).offset, offset;
	char flags[8];

	ASSERT_NE(MAP_FAILED, memory);
	text = maps_of(self->name);
	ASSERT_NE(0, strlen(text));
	ASSERT_EQ(2, sscanf(text, " %7s %lx", flags, &offset));
	EXPECT_EQ(0, strcmp("rw-s", flags));
	EXPECT_FALSE(offset >= phys && offset < phys + LEN);
	EXPECT_EQ(0, offset);
	free(text);
}

/* Run by the unprivileged user. */
static long sysfs_shows_address(const long *arg)
{
	static const char *const files[] = {
		"base", "size", "allocator_type", "mapped_regions", "allocated", "quantum_size",
		"total_entries", "free_quanta", "bits_allocated", "buddy_bitmap_dump",
	};
	const char *name = (const char *)arg[0];
	long shown = 0, readable = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char *path = format("/sys/kernel/pmem_regions/%s/%s", name, files[i]);
		char *text = read_text(path);

		if (text) {
			readable++;
			if (names_address(text, arg[1], arg[2]))
				shown++;
		}
		free(path);
		free(text);
	}
	return readable < 4 ? -1 : shown;
}

TEST_F(phys, sysfs_shows_no_address)
{
	struct peer peer = unprivileged();
	struct pmem_region where;

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	where = pmem_phys(self->fd);
	ASSERT_LT(PAGE * PAGE, where.offset);
	where.offset &= ~0xfffffUL;
	EXPECT_EQ(0, on(peer, sysfs_shows_address, (long)self->name, where.offset, MiB(64)));
	/* Cross-check: root sees the address. */
	if (self->node->base)
		EXPECT_EQ(1, sysfs_shows_address((long[5]){ (long)self->name, self->node->base,
							    self->node->size }));
}

TEST_F(phys, base_in_sysfs)
{
	struct peer peer = unprivileged();

	EXPECT_EQ(1, on(peer, base_file, (long)self->name));
	if (self->node->base)
		EXPECT_EQ(0, base_file((long[5]){ (long)self->name }));
}

/* The open file does not reveal it, nor does any file that everybody can read. */
static long process_files_show_address(const long *arg)
{
	char *path = format("/proc/self/fdinfo/%ld", arg[0]);
	char *text = read_text(path);
	long shown = !text || names_address(text, arg[1], LEN);

	free(path);
	free(text);
	return shown;
}

TEST_F(phys, fdinfo_shows_no_address)
{
	struct peer peer = unprivileged();
	int there = peer_give(peer, self->fd);

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	EXPECT_EQ(0, on(peer, process_files_show_address, there, pmem_phys(self->fd).offset));
}

static long can_open(const long *arg)
{
	int fd = open((const char *)arg[0], O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

TEST_F(phys, nodes_are_roots)
{
	struct peer peer = unprivileged();
	char *path = format("/dev/%s", self->name);
	struct stat stat_data;

	ASSERT_EQ(0, stat(path, &stat_data));
	EXPECT_EQ(0600, stat_data.st_mode & 07777);
	EXPECT_EQ(0, stat_data.st_uid);
	EXPECT_EQ(0, on(peer, can_open, (long)path));
	free(path);
	path = format("/sys/kernel/debug/%s", self->name);
	EXPECT_EQ(0, on(peer, can_open, (long)path));
}

TEST_HARNESS_MAIN
