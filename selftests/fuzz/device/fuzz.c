// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz SEED EXECUTIONS CORPUS [WORKERS]: run programs of random calls on the heaps and the legacy
 * nodes. Keep those that reach new code of the modules, to derive others from them. The kernel
 * reports coverage (KCOV; only for our modules, see "variant").
 *
 * Each program runs in a separate process with two threads; several workers run in parallel.
 * Reports in KTAP; prints new programs after "# found" immediately, since the kernel may not
 * survive the next one. Errors are reported in the kernel log.
 *
 * With 0 EXECUTIONS, run the stored programs, shortest first, and print those that reach new code:
 * that is a minimized corpus.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kcov.h>

#include "program.h"

#define MAX_CORPUS	4096
#define MAP_BITS	16
#define TRACE_WORDS	(64 << 10)
#define THREADS		2
#define MAX_WORKERS	8
#define MAX_PLACES	8192
/* KCOV_INIT_TRACE of a 64-bit kernel, which 32-bit programs use, too. */
#define INIT_TRACE	_IOR('c', 1, uint64_t)

/**
 * struct shared - data of all workers
 * @started: number of executions started
 * @signals: number of programs that a signal has ended, which is no error
 * @lock: protects the following fields
 * @nr: number of programs in @corpus
 * @stored: how many of these come from the file
 * @edges: hashed pairs of consecutive places
 * @nr_edges: their number
 * @places: hashed places
 * @nr_places: their number
 * @place: addresses of the places
 * @corpus: the programs
 */
struct shared {
	long started;
	long signals;
	pthread_mutex_t lock;
	uint32_t nr;
	uint32_t stored;
	uint8_t edges[1 << MAP_BITS];
	uint32_t nr_edges;
	uint8_t places[1 << MAP_BITS];
	uint32_t nr_places;
	uint64_t place[MAX_PLACES];
	struct program corpus[MAX_CORPUS];
};

static struct shared *shared;
static long executions;

/**
 * struct tracer - kcov record of one thread
 * @fd: /sys/kernel/debug/kcov
 * @trace: number of places, followed by the places
 */
struct tracer {
	int fd;
	uint64_t *trace;
};

static struct tracer tracer[THREADS];

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	fflush(stdout);
	kill(0, SIGTERM);
	_exit(1);
}

static void open_tracers(void)
{
	int i;

	for (i = 0; i < THREADS; i++) {
		int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

		if (fd < 0)
			die("kcov");
		tracer[i].fd = fcntl(fd, F_DUPFD_CLOEXEC, 200);
		close(fd);
		fd = tracer[i].fd;
		if (fd < 0 || ioctl(fd, INIT_TRACE, TRACE_WORDS))
			die("KCOV_INIT_TRACE");
		tracer[i].trace = mmap(NULL, TRACE_WORDS * 8, PROT_READ | PROT_WRITE, MAP_SHARED,
				       fd, 0);
		if (tracer[i].trace == MAP_FAILED)
			die("kcov's memory");
	}
}

static const struct program *running;

static void *run_thread(void *arg)
{
	int i = (struct tracer *)arg - tracer;

	__atomic_store_n(&tracer[i].trace[0], 0, __ATOMIC_RELAXED);
	if (ioctl(tracer[i].fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return arg;
	run_calls(running, i);
	ioctl(tracer[i].fd, KCOV_DISABLE, 0);
	return NULL;
}

/* Run a program in this process, and exit in any case. */
static void run_process(const struct program *program)
{
	pthread_t second;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A program may deadlock. */
	alarm(600);
	running = program;
	if (pthread_create(&second, NULL, run_thread, &tracer[1]))
		_exit(1);
	if (run_thread(&tracer[0]))
		_exit(1);
	pthread_join(second, NULL);
	_exit(0);
}

static bool mark(uint8_t *map, uint64_t value, uint32_t *count)
{
	uint32_t hash = value * 0x9e3779b97f4a7c15ULL >> (64 - MAP_BITS);

	if (map[hash])
		return false;
	map[hash] = 1;
	++*count;
	return true;
}

/* Is there anything new in a trace? Records it. Called with the lock held. */
static bool look_at_trace(const uint64_t *trace)
{
	uint64_t nr = trace[0] < TRACE_WORDS - 1 ? trace[0] : TRACE_WORDS - 1, i, last = 0;
	bool new = false;

	for (i = 1; i <= nr; i++) {
		if (mark(shared->places, trace[i], &shared->nr_places))
			shared->place[(shared->nr_places - 1) % MAX_PLACES] = trace[i];
		new |= mark(shared->edges, trace[i] ^ (last << 1), &shared->nr_edges);
		last = trace[i];
	}
	return new;
}

/* Returns whether it reached something new. */
static bool execute(const struct program *program)
{
	bool new = false;
	int status, i;
	pid_t pid;

	for (i = 0; i < THREADS; i++)
		tracer[i].trace[0] = 0;
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		run_process(program);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (WIFSIGNALED(status))
		__atomic_add_fetch(&shared->signals, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&shared->lock);
	for (i = 0; i < THREADS; i++)
		new |= look_at_trace(tracer[i].trace);
	pthread_mutex_unlock(&shared->lock);
	return new;
}

static void keep(const struct program *program)
{
	pthread_mutex_lock(&shared->lock);
	if (shared->nr < MAX_CORPUS) {
		shared->corpus[shared->nr++] = *program;
		printf("# found ");
		program_print(stdout, program);
		fflush(stdout);
	}
	pthread_mutex_unlock(&shared->lock);
}

static void pick(struct program *program, uint32_t *state)
{
	uint32_t nr = __atomic_load_n(&shared->nr, __ATOMIC_ACQUIRE);
	/* Half of the time, one of the newest. */
	uint32_t from = random_next(state) % 2 && nr > 32 ? nr - 32 : 0;

	*program = shared->corpus[from + random_next(state) % (nr - from)];
}

/* Start another execution? Prints progress from time to time, so that it does not seem to hang. */
static bool go_on(void)
{
	long nr = __atomic_add_fetch(&shared->started, 1, __ATOMIC_RELAXED);

	if (nr % 500 == 0 && nr < executions) {
		printf("# %ld executions, %u places\n", nr, shared->nr_places);
		fflush(stdout);
	}
	return nr <= executions;
}

static int compare_lengths(const void *a, const void *b)
{
	const struct program *p = a, *q = b;

	return (p->nr > q->nr) - (p->nr < q->nr);
}

static void work(uint32_t seed, int worker, int workers)
{
	uint32_t state = (seed * 0x9e3779b1U + worker) | 1, i;
	struct program program, other;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_prepare();
	open_tracers();
	/* Run the stored programs first, each in one of the workers. */
	for (i = worker; i < shared->stored; i += workers) {
		go_on();
		if (execute(&shared->corpus[i]) && !executions)
			keep(&shared->corpus[i]);
	}
	while (go_on()) {
		pick(&program, &state);
		pick(&other, &state);
		program_mutate(&program, &other, &state);
		if (execute(&program))
			keep(&program);
	}
	_exit(0);
}

static void read_corpus(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		die(path);
	while (shared->nr < MAX_CORPUS && program_read(file, &shared->corpus[shared->nr]))
		shared->nr++;
	fclose(file);
	shared->stored = shared->nr;
	if (!shared->nr)
		die("no programs in the corpus");
}

static void share_memory(void)
{
	pthread_mutexattr_t attributes;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("shared memory");
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->lock, &attributes);
}

static void result(int number, bool ok, const char *name)
{
	printf("%sok %d %s\n", ok ? "" : "not ", number, name);
}

/* Print the start address of a module, which is needed to interpret places. */
static void print_start(const char *module)
{
	char path[128], address[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.text", module);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%31s", address) != 1)
		die(path);
	fclose(file);
	printf("# text of %s at %s\n", module, address);
}

static void print_places(void)
{
	uint32_t i;

	print_start("contig_heaps");
	print_start("pmem_compat");
	for (i = 0; i < shared->nr_places && i < MAX_PLACES; i++)
		printf("# place %#llx\n", (unsigned long long)shared->place[i]);
}

int main(int argc, char **argv)
{
	int workers = argc > 4 ? atoi(argv[4]) : 2, i, status, bad = 0;
	uint32_t seed, of_stored;
	pid_t pid;

	if (argc < 4 || workers < 1 || workers > MAX_WORKERS) {
		fprintf(stderr, "usage: fuzz SEED EXECUTIONS CORPUS [WORKERS]\n");
		return 2;
	}
	seed = strtoul(argv[1], NULL, 0);
	executions = strtol(argv[2], NULL, 0);
	share_memory();
	read_corpus(argv[3]);
	if (!executions)
		qsort(shared->corpus, shared->nr, sizeof(shared->corpus[0]), compare_lengths);
	printf("TAP version 13\n1..3\n");
	fflush(stdout);
	for (i = 0; i < workers; i++) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			work(seed, i, workers);
	}
	while (wait(&status) > 0)
		bad += status != 0;
	of_stored = shared->stored;
	printf("# seed %#x: %ld executions by %d workers, %ld ended by a signal\n", seed,
	       shared->started - workers, workers, shared->signals);
	printf("# %u places and %u edges reached; %u programs stored, %u found\n",
	       shared->nr_places, shared->nr_edges, of_stored, shared->nr - of_stored);
	result(1, !bad, "all workers came to their end");
	result(2, shared->started - workers >= executions, "as many executions as asked for");
	/*
	 * There are about 3400, but many are unreachable. Without a suitable corpus, fewer are
	 * reached.
	 */
	result(3, shared->nr_places >= 1200, "the programs reach what they are known to");
	print_places();
	return bad != 0;
}
