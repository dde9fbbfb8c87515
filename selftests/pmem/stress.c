// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers and clients that concurrently map, remap, fork and die at any time. Meanwhile, a client
 * must see either what it was given or its own garbage pages, and never what a master wrote after
 * it has unmapped the region. Finally, all memory must be free.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "test.h"

#define LEN	KiB(256)

IDLE_FIXTURE(stress);

/* A random seed for each process or thread. */
static __u32 seeded(unsigned int number)
{
	return number * 2654435761U + 1;
}

#define MOST	8

/* Run fn in @count peers, with a different number and @times rounds for each. */
static size_t run_in(size_t count, peer_fn *fn, long times)
{
	struct peer peers[MOST];
	size_t i, good = 0;

	for (i = 0; i < count; i++)
		peers[i] = peer_start();
	for (i = 0; i < count; i++)
		begin_on(peers[i], fn, i, times);
	for (i = 0; i < count; i++)
		good += peer_call_end(peers[i]) == 1;
	return good;
}

/* Allocate and free on all devices; memory must be zero and exclusive. */
static long allocates(const long *arg)
{
	__u32 random = seeded(arg[0]);
	long round;

	for (round = 0; round < arg[1]; round++) {
		const struct node *node = &nodes[next_random(&random) % nr_nodes];
		size_t len = (next_random(&random) % 100 + 1) * PAGE;
		int fd = pmem_open(node->name);
		char *memory = pmem_mmap(fd, len);

		if (memory == MAP_FAILED) {
			if (errno != ENOMEM)
				return -errno;
		} else {
			if (!all_bytes(memory, len, 0))
				return 2;
			fill(memory, len, random);
			sched_yield();
			if (!filled(memory, len, random))
				return 3;
			munmap(memory, len);
		}
		close(fd);
	}
	return 1;
}

TEST_F(stress, allocation)
{
	EXPECT_EQ(MOST, run_in(MOST, allocates, rounds(75)));
	EXPECT_TRUE(all_free(true));
}

/*
 * A master that unmaps regions and then writes secrets. Its clients are threads of the same
 * process, to provoke races.
 */
struct shared {
	char *view;
	int sub;
	int master;
	volatile bool stop;
	volatile long bad;
};

/* A master with a mapped client, without regions. */
static bool share(struct shared *shared)
{
	*shared = (struct shared){ .master = pmem_open("pmem") };
	if (pmem_allocate(shared->master, LEN))
		return false;
	shared->sub = pmem_sub("pmem", shared->master);
	shared->view = pmem_mmap(shared->sub, LEN);
	return shared->view != MAP_FAILED;
}

static void *thread_uses_view(void *arg)
{
	struct shared *shared = arg;
	unsigned long i = 0;

	while (!shared->stop) {
		volatile __u32 *word = (__u32 *)(shared->view + i++ % (LEN / PAGE) * PAGE);

		*word += 1;
	}
	return NULL;
}

static void *thread_remaps(void *arg)
{
	struct shared *shared = arg;
	__u32 random = seeded((unsigned long)pthread_self());

	while (!shared->stop) {
		unsigned long offset = next_random(&random) % (LEN / PAGE) * PAGE;

		/* Another thread may have recorded or removed the same region. */
		if (pmem_map(shared->sub, offset, PAGE))
			shared->bad++;
		if (pmem_unmap(shared->sub, offset, PAGE) && errno != EINVAL)
			shared->bad++;
	}
	return NULL;
}

static void *thread_forks(void *arg)
{
	struct shared *shared = arg;

	while (!shared->stop) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			memset(shared->view, 0x44, LEN);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			shared->bad++;
	}
	return NULL;
}

static void *thread_maps_master(void *arg)
{
	struct shared *shared = arg;

	while (!shared->stop) {
		char *memory = pmem_mmap(shared->master, LEN);

		if (memory == MAP_FAILED) {
			shared->bad++;
			continue;
		}
		memory[LEN / 2] += 1;
		munmap(memory, LEN / 2);
		munmap(memory + LEN / 2, LEN / 2);
	}
	return NULL;
}

static void *thread_asks(void *arg)
{
	struct shared *shared = arg;

	while (!shared->stop) {
		if (pmem_size(shared->sub).len != LEN || pmem_phys(shared->master).len != LEN)
			shared->bad++;
		pmem_cache(shared->sub, PMEM_CLEAN_INV_CACHES, shared->view, 0, LEN);
		pmem_flush(shared->sub, 0, LEN);
		free(read_text("/sys/kernel/pmem_regions/pmem/mapped_regions"));
		free(read_text("/sys/kernel/pmem_regions/pmem/bits_allocated"));
	}
	return NULL;
}

TEST_F(stress, one_process)
{
	static void *(*const body[])(void *) = {
		thread_uses_view, thread_uses_view, thread_remaps, thread_remaps, thread_forks,
		thread_maps_master, thread_asks,
	};
	pthread_t threads[ARRAY_SIZE(body)];
	struct shared shared;
	size_t times = rounds(100), i;

	ASSERT_TRUE(share(&shared));
	for (i = 0; i < ARRAY_SIZE(body); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, body[i], &shared));
	for (i = 0; i < times; i++) {
		ASSERT_EQ(0, pmem_map(shared.sub, 0, LEN));
		ASSERT_EQ(0, pmem_unmap(shared.sub, 0, LEN));
		usleep(1000);
	}
	shared.stop = true;
	for (i = 0; i < ARRAY_SIZE(body); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, shared.bad);
}

/* Unmap the view while other threads use it: they handle their faults. */
static void *thread_unmaps(void *arg)
{
	struct shared *shared = arg;

	munmap(shared->view, LEN);
	shared->stop = true;
	return NULL;
}

static void *thread_maps_regions(void *arg)
{
	struct shared *shared = arg;

	do {
		if (pmem_map(shared->sub, 0, LEN) || pmem_unmap(shared->sub, 0, LEN))
			shared->bad++;
	} while (!shared->stop);
	return NULL;
}

static void *thread_closes_master(void *arg)
{
	struct shared *shared = arg;

	close(shared->master);
	return NULL;
}

TEST_F(stress, munmap_against_map)
{
	int last = rounds(75), round;

	for (round = 0; round < last; round++) {
		pthread_t threads[2];
		struct shared shared;

		ASSERT_TRUE(share(&shared));
		memset(shared.view, 1, LEN);
		ASSERT_EQ(0, pthread_create(&threads[0], NULL, thread_maps_regions, &shared));
		ASSERT_EQ(0, pthread_create(&threads[1], NULL, thread_unmaps, &shared));
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		ASSERT_EQ(0, shared.bad);
		close(shared.sub);
		close(shared.master);
	}
	EXPECT_TRUE(all_free(true));
}

/* Close the master during any operation on a connected file. */
static void *thread_connects(void *arg)
{
	struct shared *shared = arg;
	int fd = pmem_open("pmem");

	if (pmem_connect(fd, shared->master)) {
		/* It may already be closed, and its number reused. */
		if (errno != EBADF && errno != EINVAL)
			shared->bad++;
	} else {
		char *view = pmem_mmap(fd, LEN);

		if (view == MAP_FAILED)
			shared->bad++;
		else
			munmap(view, LEN);
	}
	close(fd);
	return NULL;
}

TEST_F(stress, release_against_clients)
{
	int last = rounds(75), round;

	for (round = 0; round < last; round++) {
		static void *(*const body[])(void *) = {
			thread_closes_master, thread_uses_view, thread_connects, thread_unmaps,
		};
		struct shared shared;
		pthread_t threads[4];
		int i, other;

		ASSERT_TRUE(share(&shared));
		ASSERT_EQ(0, pmem_map(shared.sub, 0, LEN));
		/*
		 * Run the last of them only in some rounds, because users of the view must not
		 * fault.
		 */
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, body[i], &shared));
		pthread_join(threads[0], NULL);
		pthread_join(threads[2], NULL);
		other = pmem_open("pmem");
		ASSERT_EQ(0, pmem_allocate(other, LEN));
		shared.stop = true;
		pthread_join(threads[1], NULL);
		ASSERT_EQ(0, pthread_create(&threads[3], NULL, body[3], &shared));
		pthread_join(threads[3], NULL);
		ASSERT_EQ(0, shared.bad);
		close(other);
		close(shared.sub);
	}
	EXPECT_TRUE(all_free(true));
}

/* A client that writes until it is killed. */
static long writes_for_ever(const long *arg)
{
	volatile __u32 *word = (__u32 *)arg[0];
	size_t i;

	for (;;)
		for (i = 0; i < LEN / 4; i += PAGE / 4)
			word[i] += 1;
	return 0;
}

/* A complete server with clients, in a short-lived process. */
static long serves_for_ever(const long *arg)
{
	__u32 random = seeded(arg[0]);
	struct peer client;
	int master, sub;
	void *memory;
	long view;

	client = peer_start();
	master = pmem_master("pmem", LEN, &memory);
	if (master < 0)
		return -1;
	sub = pmem_sub("pmem", master);
	view = on(client, do_mmap, peer_give(client, sub), LEN);
	begin_on(client, writes_for_ever, view);
	for (;;) {
		unsigned long offset = next_random(&random) % (LEN / PAGE) * PAGE;

		pmem_map(sub, offset, PAGE);
		pmem_map(sub, 0, LEN);
		pmem_unmap(sub, offset, PAGE);
		pmem_unmap(sub, 0, LEN);
		if (next_random(&random) % 8 == 0 && !fork()) {
			memset(memory, 1, LEN);
			_exit(0);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	return 0;
}

TEST_F(stress, killed_at_any_moment)
{
	__u32 random = 777;
	int last = rounds(75), round;

	for (round = 0; round < last; round++) {
		struct peer server = peer_start();

		begin_on(server, serves_for_ever, round);
		usleep(next_random(&random) % 30000);
		peer_kill(server);
	}
	/* Clients and children die after the killed process. */
	while (!all_free(false))
		usleep(10000);
	EXPECT_TRUE(all_free(true));
}

/* The client is killed; the server continues. */
TEST_F(stress, clients_killed)
{
	int master, last = rounds(50), round;
	__u32 random = 778;
	void *memory;

	master = pmem_master("pmem", LEN, &memory);
	ASSERT_LE(0, master);
	for (round = 0; round < last; round++) {
		struct peer client = peer_start();
		int sub = pmem_sub("pmem", master), i;
		long view = on(client, do_mmap, peer_give(client, sub), LEN);

		ASSERT_NE(-1, view);
		begin_on(client, writes_for_ever, view);
		for (i = next_random(&random) % 20; i; i--) {
			ASSERT_EQ(0, pmem_map(sub, 0, LEN));
			ASSERT_EQ(0, pmem_unmap(sub, 0, LEN));
		}
		kill(client.pid, SIGKILL);
		for (i = 0; i < 5; i++) {
			ASSERT_EQ(0, pmem_map(sub, 0, LEN));
			ASSERT_EQ(0, pmem_unmap(sub, 0, LEN));
		}
		peer_kill(client);
		/* Nobody writes there now. */
		fill(memory, LEN, round);
		ASSERT_TRUE(filled(memory, LEN, round));
		close(sub);
	}
}

/* Do everything at once on a device that has room for one allocation. */
static long fights(const long *arg)
{
	__u32 random = seeded(arg[0]);
	long round;

	for (round = 0; round < arg[1]; round++) {
		int fd = pmem_open("pmem_camera"), sub;

		if (pmem_allocate(fd, (next_random(&random) % 50 + 1) * PAGE)) {
			if (errno != ENOMEM)
				return -errno;
		} else {
			char *memory = pmem_mmap(fd, PAGE), *view;

			if (memory == MAP_FAILED || *memory)
				return 2;
			*memory = 1;
			sub = pmem_sub("pmem_camera", fd);
			view = pmem_mmap(sub, PAGE);
			if (view == MAP_FAILED || *view || pmem_map(sub, 0, PAGE) || *view != 1)
				return 3;
			munmap(memory, PAGE);
			close(fd);
			if (*view)
				return 4;
			munmap(view, PAGE);
			close(sub);
			continue;
		}
		close(fd);
	}
	return 1;
}

TEST_F(stress, all_or_nothing)
{
	EXPECT_EQ(6, run_in(6, fights, rounds(125)));
	EXPECT_TRUE(all_free(true));
}

/* Export and import: files exchange their memory. */
static long exchanges(const long *arg)
{
	__u32 random = seeded(arg[0]);
	long round;

	for (round = 0; round < arg[1]; round++) {
		size_t len = (next_random(&random) % 32 + 1) * PAGE;
		int from = pmem_open("pmem"), to = pmem_open("pmem_adsp"), dmabuf;
		char *memory, *view;

		if (pmem_allocate(from, len))
			return -errno;
		dmabuf = pmem_export(from, O_RDWR | O_CLOEXEC);
		if (dmabuf < 0 || pmem_import(to, dmabuf))
			return -errno;
		memory = pmem_mmap(from, len);
		view = pmem_mmap(to, len);
		if (memory == MAP_FAILED || view == MAP_FAILED)
			return 2;
		fill(memory, len, random);
		close(from);
		close(dmabuf);
		munmap(memory, len);
		if (!filled(view, len, random))
			return 3;
		munmap(view, len);
		close(to);
	}
	return 1;
}

TEST_F(stress, sharing)
{
	EXPECT_EQ(6, run_in(6, exchanges, rounds(50)));
	EXPECT_TRUE(all_free(true));
}

TEST_HARNESS_MAIN
