// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz SEED EXECUTIONS CORPUS [WORKERS]: run programs of random calls on the heaps and the legacy
 * nodes, and keep those that reach code of the modules that none reached before, to make further
 * ones of them. The kernel tells what was reached (KCOV; of our modules alone, see "variant").
 *
 * Each program is run by a process of its own with two threads. Several workers do so at the same
 * time. Reports in KTAP; what new programs were found follows between lines "corpus begins" and
 * "corpus ends". What the programs did wrong the kernel's log tells.
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

/**
 * struct shared - what all workers share
 * @started: executions begun
 * @signals: programs that ended by a signal, which is no fault
 * @lock: of what follows
 * @nr: programs in @corpus
 * @stored: of them, those that came from the file
 * @edges: pairs of neighbours that were reached, hashed
 * @nr_edges: how many
 * @places: single places, hashed
 * @nr_places: how many
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
	struct program corpus[MAX_CORPUS];
};

static struct shared *shared;
static long executions;

/**
 * struct tracer - the kernel's record of one thread
 * @fd: of /sys/kernel/debug/kcov
 * @trace: number of places, then the places
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
		if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, TRACE_WORDS))
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

/* The process that runs a program. Whatever it does to itself, it ends. */
static void run_process(const struct program *program)
{
	pthread_t second;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A program may wait for itself. */
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

/* Whether a trace has anything new; notes it. With the lock held. */
static bool look_at_trace(const uint64_t *trace)
{
	uint64_t nr = trace[0] < TRACE_WORDS - 1 ? trace[0] : TRACE_WORDS - 1, i, last = 0;
	bool new = false;

	for (i = 1; i <= nr; i++) {
		mark(shared->places, trace[i], &shared->nr_places);
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
	if (shared->nr < MAX_CORPUS)
		shared->corpus[shared->nr++] = *program;
	pthread_mutex_unlock(&shared->lock);
}

static void pick(struct program *program, uint32_t *state)
{
	uint32_t nr = __atomic_load_n(&shared->nr, __ATOMIC_ACQUIRE);
	/* Half of the time one of the youngest. */
	uint32_t from = random_next(state) % 2 && nr > 32 ? nr - 32 : 0;

	*program = shared->corpus[from + random_next(state) % (nr - from)];
}

static void work(uint32_t seed, int worker, int workers)
{
	uint32_t state = (seed * 0x9e3779b1U + worker) | 1, i;
	struct program program, other;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_prepare();
	open_tracers();
	/* What is stored comes first, each by one of the workers. */
	for (i = worker; i < shared->stored; i += workers) {
		__atomic_add_fetch(&shared->started, 1, __ATOMIC_RELAXED);
		execute(&shared->corpus[i]);
	}
	while (__atomic_add_fetch(&shared->started, 1, __ATOMIC_RELAXED) <= executions) {
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

static void print_found(void)
{
	uint32_t i;

	printf("# corpus begins\n");
	for (i = shared->stored; i < shared->nr; i++)
		program_print(stdout, &shared->corpus[i]);
	printf("# corpus ends\n");
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
	/* Of about 1500: without traces there are none, without a corpus that fits far fewer. */
	result(3, shared->nr_places >= 500, "the programs reach most of the modules");
	print_found();
	return bad != 0;
}
