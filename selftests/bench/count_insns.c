// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's translator: counts the instructions that each processor executes between
 * two marks, and where they are.
 *
 *	-plugin count_insns.so,out=FILE
 *
 * A mark is a HINT instruction with a number that means nothing to processors: 112 and 113 begin
 * a phase, 114 ends it. At the end FILE gets a line "total PHASE CPU COUNT" for each processor
 * and "at ADDRESS COUNT" for each block of code.
 *
 * Limits: written for version 1 of the interface, which is that of QEMU 7.2, and declared here
 * because Debian ships no header for it. A block that an exception leaves counts as a whole.
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

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define MAX_CPUS	8
#define MARK(number)	(0xd503201fU | (number) << 5)
#define MARK_ONE	MARK(112U)
#define MARK_TWO	MARK(113U)
#define MARK_END	MARK(114U)

/**
 * struct block - a block of code that was translated
 * @next: in blocks
 * @addr: its address
 * @insns: instructions of it
 * @count: how often it was run between marks, by each processor
 */
struct block {
	struct block *next;
	uint64_t addr;
	uint64_t insns;
	uint64_t count[MAX_CPUS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *blocks;
/* Of each processor, changed by its own thread alone. */
static int phase[MAX_CPUS];
static uint64_t total[3][MAX_CPUS];

static void run_block(unsigned int cpu, void *data)
{
	struct block *block = data;

	if (cpu >= MAX_CPUS || !phase[cpu])
		return;
	block->count[cpu]++;
	total[phase[cpu]][cpu] += block->insns;
}

static void run_mark(unsigned int cpu, void *data)
{
	if (cpu < MAX_CPUS)
		phase[cpu] = (uintptr_t)data;
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
	for (i = 0; i < block->insns; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t code = *(const uint32_t *)qemu_plugin_insn_data(insn);

		if (code == MARK_ONE || code == MARK_TWO || code == MARK_END)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, run_mark, 0,
				(void *)(uintptr_t)(code == MARK_ONE ? 1 :
						    code == MARK_TWO ? 2 : 0));
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, run_block, 0, block);
	pthread_mutex_lock(&lock);
	block->next = blocks;
	blocks = block;
	pthread_mutex_unlock(&lock);
}

static void ended(uint64_t id, void *path)
{
	FILE *file = fopen(path, "w");
	struct block *block;
	int nr, cpu;

	(void)id;
	if (!file)
		return;
	for (nr = 1; nr <= 2; nr++)
		for (cpu = 0; cpu < MAX_CPUS; cpu++)
			if (total[nr][cpu])
				fprintf(file, "total %d %d %" PRIu64 "\n", nr, cpu,
					total[nr][cpu]);
	for (block = blocks; block; block = block->next) {
		uint64_t count = 0;

		for (cpu = 0; cpu < MAX_CPUS; cpu++)
			count += block->count[cpu];
		if (count)
			fprintf(file, "at %" PRIx64 " %" PRIu64 "\n", block->addr,
				count * block->insns);
	}
	fclose(file);
}

__attribute__((visibility("default")))
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, argv[0] + 4);
	return 0;
}
