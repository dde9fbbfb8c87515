// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's translator (TCG): counts the instructions that each processor executes
 * between two marks, and where.
 *
 *	-plugin count_insns.so,out=FILE[,turn=N]
 *
 * A mark is a HINT instruction with a number that processors ignore:
 *
 *	112, 113	start of phase 1 or 2 of this processor
 *	114		its end
 *	115, 116	start of phase 3 or 4 of all processors
 *	117		its end
 *	118, 119, 120	a lock was taken, will be released, is requested
 *
 * Finally, FILE gets a line "total PHASE CPU COUNT" for each processor; "at PHASE ADDRESS COUNT"
 * for each block of code; "held ADDRESS TIMES MOST SUM" for each place that took a lock during a
 * phase, with the maximum and the total number of instructions that held it; and "waited PHASE CPU
 * COUNT": how many more instructions the others executed while this processor waited for locks.
 * (It waits in WFE, so its own instructions do not tell.)
 *
 * With turn=N, processors that share a thread of QEMU (as with -icount) take turns after N to 2 N
 * instructions during a phase, so that they interact as if they ran in parallel. That is
 * deterministic.
 *
 * Limitations: written for version 1 of the interface, in QEMU 7.2, and declared here because
 * Debian ships no header. turn= needs internal functions of QEMU; if QEMU does not export them, it
 * refuses to start. A block that ends with an exception counts as a whole.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void vcpu_fn(unsigned int cpu, void *data);

extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
						  void (*fn)(uint64_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, vcpu_fn *fn,
						 int flags, void *data);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_fn *fn,
						   int flags, void *data);
extern void qemu_plugin_register_atexit_cb(uint64_t id, void (*fn)(uint64_t, void *), void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);


#define __weak	__attribute__((weak))

/* Internal functions of QEMU, for turn=. */
extern void *qemu_get_cpu(int index) __weak;
extern void cpu_exit(void *cpu) __weak;

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define MAX_CPUS	8
#define MAX_NESTED	8
#define PHASES		5
#define MARK(number)	(0xd503201fU | (number) << 5)

enum mark_number {
	PHASE_ONE = 112, PHASE_TWO, PHASE_END,
	ALL_THREE, ALL_FOUR, ALL_END,
	LOCK_TAKEN, LOCK_GIVEN, LOCK_WANTED,
};

/**
 * struct block - a translated block of code
 * @next: next in blocks
 * @addr: its address
 * @insns: number of its instructions
 * @count: number of executions, in each phase
 */
struct block {
	struct block *next;
	uint64_t addr;
	uint64_t insns;
	uint64_t count[PHASES];
};

/**
 * struct mark - a mark in a block
 * @next: next in marks
 * @block: the block
 * @nr: its position in the block
 * @number: its meaning
 * @held: number of releases of locks that were taken here
 * @most: maximum number of instructions that held the lock
 * @sum: total number of these instructions
 */
struct mark {
	struct mark *next;
	struct block *block;
	uint64_t nr;
	enum mark_number number;
	uint64_t held;
	uint64_t most;
	uint64_t sum;
};

/**
 * struct cpu - a processor
 * @phase: the current phase, or 0
 * @total: instructions in each phase
 * @run: instructions in all
 * @nested: number of locks held
 * @taken: where they were taken
 * @since: @run at that time
 * @wanted: by how much the others were ahead of this one when it requested a lock
 * @waited: increase of that until it got the lock, in each phase
 */
struct cpu {
	int phase;
	uint64_t total[PHASES];
	uint64_t run;
	unsigned int nested;
	struct mark *taken[MAX_NESTED];
	uint64_t since[MAX_NESTED];
	int64_t wanted;
	int64_t waited[PHASES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *blocks;
static struct mark *marks;
static struct cpu cpus[MAX_CPUS];
static int phase_of_all;
static const char *out;
static uint64_t turn, turn_left;

/* Processors take turns, so they share one state. */
static void count_turn(unsigned int cpu, uint64_t insns)
{
	static uint32_t state = 1;

	if (turn_left > insns) {
		turn_left -= insns;
		return;
	}
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	turn_left = turn + state % turn;
	cpu_exit(qemu_get_cpu(cpu));
}

static int phase_of(unsigned int cpu)
{
	return phase_of_all ? phase_of_all : cpus[cpu].phase;
}

static void run_block(unsigned int nr, void *data)
{
	struct block *block = data;
	struct cpu *cpu = &cpus[nr];
	int phase, i;

	if (nr >= MAX_CPUS)
		return;
	cpu->run += block->insns;
	phase = phase_of(nr);
	if (phase) {
		block->count[phase]++;
		cpu->total[phase] += block->insns;
	}
	for (i = 0; turn && i < MAX_CPUS; i++) {
		if (phase_of(i)) {
			count_turn(nr, block->insns);
			break;
		}
	}
}

static int64_t ahead(unsigned int nr)
{
	int64_t sum = 0;
	int i;

	for (i = 0; i < MAX_CPUS; i++)
		sum += i == (int)nr ? -cpus[i].run : cpus[i].run;
	return sum;
}

static void run_lock_mark(unsigned int nr, struct mark *mark)
{
	struct cpu *cpu = &cpus[nr];
	/* The whole block was counted at its start. */
	uint64_t now = cpu->run - mark->block->insns + mark->nr;
	struct mark *taken;
	uint64_t held;

	if (mark->number == LOCK_WANTED) {
		cpu->wanted = ahead(nr);
		return;
	}
	if (mark->number == LOCK_TAKEN) {
		if (cpu->nested == MAX_NESTED)
			abort();
		cpu->waited[phase_of(nr)] += ahead(nr) - cpu->wanted;
		cpu->taken[cpu->nested] = mark;
		cpu->since[cpu->nested++] = now;
		return;
	}
	if (!cpu->nested)
		return;
	taken = cpu->taken[--cpu->nested];
	held = now - cpu->since[cpu->nested];
	if (!phase_of(nr))
		return;
	taken->held++;
	taken->sum += held;
	if (held > taken->most)
		taken->most = held;
}

static void run_mark(unsigned int nr, void *data)
{
	struct mark *mark = data;

	if (nr >= MAX_CPUS)
		return;
	switch (mark->number) {
	case PHASE_ONE:
	case PHASE_TWO:
		cpus[nr].phase = mark->number - PHASE_ONE + 1;
		break;
	case PHASE_END:
		cpus[nr].phase = 0;
		break;
	case ALL_THREE:
	case ALL_FOUR:
		phase_of_all = mark->number - ALL_THREE + 3;
		break;
	case ALL_END:
		phase_of_all = 0;
		break;
	case LOCK_TAKEN:
	case LOCK_GIVEN:
	case LOCK_WANTED:
		run_lock_mark(nr, mark);
		break;
	}
}

static void add_mark(struct block *block, struct qemu_plugin_insn *insn, uint64_t nr,
		     enum mark_number number)
{
	struct mark *mark = calloc(1, sizeof(*mark));

	if (!mark)
		abort();
	mark->block = block;
	mark->nr = nr;
	mark->number = number;
	mark->next = marks;
	marks = mark;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, run_mark, 0, mark);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));
	size_t i;

	(void)id;
	if (!block)
		abort();
	block->addr = qemu_plugin_tb_vaddr(tb);
	block->insns = qemu_plugin_tb_n_insns(tb);
	/* Registered first, so that a block is counted before its marks. */
	qemu_plugin_register_vcpu_tb_exec_cb(tb, run_block, 0, block);
	pthread_mutex_lock(&lock);
	for (i = 0; i < block->insns; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t code = *(const uint32_t *)qemu_plugin_insn_data(insn);
		unsigned int number;

		for (number = PHASE_ONE; number <= LOCK_WANTED; number++)
			if (code == MARK(number))
				add_mark(block, insn, i, number);
	}
	block->next = blocks;
	blocks = block;
	pthread_mutex_unlock(&lock);
}

static void ended(uint64_t id, void *data)
{
	FILE *file = fopen(out, "w");
	struct block *block;
	struct mark *mark;
	int phase, cpu;

	(void)id;
	(void)data;
	if (!file)
		return;
	for (phase = 1; phase < PHASES; phase++)
		for (cpu = 0; cpu < MAX_CPUS; cpu++)
			if (cpus[cpu].total[phase])
				fprintf(file, "total %d %d %" PRIu64 "\n", phase, cpu,
					cpus[cpu].total[phase]);
	for (phase = 1; phase < PHASES; phase++)
		for (cpu = 0; cpu < MAX_CPUS; cpu++)
			if (cpus[cpu].waited[phase])
				fprintf(file, "waited %d %d %" PRId64 "\n", phase, cpu,
					cpus[cpu].waited[phase]);
	for (block = blocks; block; block = block->next)
		for (phase = 1; phase < PHASES; phase++)
			if (block->count[phase])
				fprintf(file, "at %d %" PRIx64 " %" PRIu64 "\n", phase,
					block->addr, block->count[phase] * block->insns);
	for (mark = marks; mark; mark = mark->next)
		if (mark->held)
			fprintf(file, "held %" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
				mark->block->addr + 4 * mark->nr, mark->held, mark->most,
				mark->sum);
	fclose(file);
}

__attribute__((visibility("default")))
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = argv[i] + 4;
		else if (!strncmp(argv[i], "turn=", 5))
			turn = strtoull(argv[i] + 5, NULL, 0);
		else
			return -1;
	}
	if (!out || (turn && (!cpu_exit || !qemu_get_cpu)))
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
