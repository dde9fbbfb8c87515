// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's translator (TCG): models a write-back cache, which QEMU lacks, in front of
 * the memory of buffers, and checks accesses of the processors and the "edu" device against it.
 *
 *	-plugin cache_model.so,out=FILE,range=START+BYTES[,around=START+BYTES][,snoops=on]
 *
 * range= is the modelled memory; around= is a part of it that only has write-combined mappings, so
 * it is never cached. snoops= tells whether the device snoops the cache, and must match the
 * configuration of the guest.
 *
 * The model assumes the worst cache: it has unlimited size, writes back only on request, and may
 * have fetched any line at any time through the kernel's linear map. So each line of 64 bytes has
 * two bits:
 *
 *	NEWER	the cache has bytes that memory lacks
 *	OLDER	memory has bytes that the cache lacks, if it has the line
 *
 * Stores of processors set NEWER. Stores through write-combined mappings, and those of a device
 * that does not snoop, set OLDER, even if the line was invalidated: it may have been fetched
 * again. A device may access memory at any time between the start of its transfer and the time
 * when the driver sees the end.
 *
 * A HINT instruction with number 112 begins the next section of FILE:
 *
 *	section NUMBER
 *	count WHAT HOW-OFTEN
 *	fault WHAT at PHYSICAL by ADDRESS since ADDRESS
 *
 * The addresses belong to the instruction that exposed the fault, and the one that last wrote or
 * maintained the line. Each pair of them is printed once; all faults are counted. The last line of
 * FILE is "end".
 *
 * Limitations: 64-bit arm, at most 8 processors, pages of 4 KiB, one stage of translation. The
 * page tables tell whether a mapping is cached. They are read with an internal function of QEMU,
 * because the plugin interface cannot read kernel memory while a program runs. Memory accesses of
 * each processor are seen in program order, so missing barriers do not show. The declarations are
 * those of version 4 of the interface, in QEMU 10.0; Debian ships no header.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_register;
struct qemu_plugin_hwaddr;
typedef void vcpu_fn(unsigned int cpu, void *data);
typedef void mem_fn(unsigned int cpu, uint32_t info, uint64_t vaddr, void *data);

struct reg_descriptor {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
};

struct mem_value {
	int type;
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
		uint64_t u128[2];
	} data;
};

/* A structure of GLib. */
struct byte_array {
	uint8_t *data;
	unsigned int len;
};

struct array {
	char *data;
	unsigned int len;
};

extern struct byte_array *g_byte_array_new(void);
extern struct byte_array *g_byte_array_set_size(struct byte_array *array, unsigned int len);

extern void qemu_plugin_register_vcpu_init_cb(uint64_t id, void (*fn)(uint64_t, unsigned int));
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
						  void (*fn)(uint64_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_fn *fn,
						   int flags, void *data);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_fn *fn, int flags,
					     int rw, void *data);
extern void qemu_plugin_register_atexit_cb(uint64_t id, void (*fn)(uint64_t, void *), void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);
extern unsigned int qemu_plugin_mem_size_shift(uint32_t info);
extern bool qemu_plugin_mem_is_store(uint32_t info);
extern struct mem_value qemu_plugin_mem_get_value(uint32_t info);
extern struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t vaddr);
extern bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *haddr);
extern uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *haddr);
extern const char *qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *haddr);
extern struct array *qemu_plugin_get_registers(void);
extern int qemu_plugin_read_register(struct qemu_plugin_register *handle, struct byte_array *buf);

#define __weak	__attribute__((weak))

/* An internal function of QEMU. */
extern void cpu_physical_memory_rw(uint64_t addr, void *buf, uint64_t len, bool write) __weak;

__attribute__((visibility("default"))) int qemu_plugin_version = 4;

#define MEM_RW		3
#define READ_REGISTERS	1

#define MAX_CPUS	8
#define LINE		64U
#define PAGE		4096U
#define NAMES		4096U
#define MAX_FAULTS	256

/* States of a line; see above. */
#define NEWER		1U
#define OLDER		2U

/* Instructions, without the register number. */
#define OPCODE(insn)	((insn) & ~0x1fU)
#define DC_IVAC		0xd5087620U
#define DC_ZVA		0xd50b7420U
#define DC_CVAC		0xd50b7a20U
#define DC_CVAP		0xd50b7c20U
#define DC_CIVAC	0xd50b7e20U
#define MSR_TTBR0	0xd5182000U
#define MSR_TTBR1	0xd5182020U
#define MSR_TCR		0xd5182040U
#define MSR_MAIR	0xd518a200U
#define IS_TLBI(insn)	(((insn) & 0xfff8f000U) == 0xd5088000U)
#define NEXT_SECTION	(0xd503201fU | 112U << 5)

/* Registers of the device, and the size of its own memory. */
#define EDU_REGISTERS	0xfffffU
#define EDU_SOURCE	0x80U
#define EDU_DESTINATION	0x88U
#define EDU_COUNT	0x90U
#define EDU_COMMAND	0x98U
#define EDU_START	1U
#define EDU_TO_MEMORY	2U

enum event {
	DEVICE_READS, DEVICE_WRITES, CLEANS, FLUSHES, INVALIDATES,
	CACHED_LOADS, CACHED_STORES, AROUND_LOADS, AROUND_STORES, ZEROES,
	FAULTS, WRONG_WALKS, EVENTS,
};

static const char * const event_names[EVENTS] = {
	"device-reads", "device-writes", "cleans", "flushes", "invalidates",
	"cached-loads", "cached-stores", "around-loads", "around-stores", "zeroes", "faults",
	"wrong-walks",
};

/**
 * struct line - a line of memory
 * @state: NEWER, OLDER
 * @written: bytes of an OLDER line that later stores into the cache have replaced
 * @since: address of the instruction that last wrote or maintained it
 */
struct line {
	uint64_t written;
	uint64_t since;
	uint8_t state;
};

enum page_kind { IGNORED, DEVICE, CACHED, AROUND };

/**
 * struct name - the meaning of a page address
 * @page: the address
 * @stamp: when this was looked up; see stamp_of()
 * @phys: physical address
 * @kind: type of memory and mapping
 */
struct name {
	uint64_t page;
	uint64_t stamp;
	uint64_t phys;
	enum page_kind kind;
};

/**
 * struct cpu - a processor
 * @x: handles of its registers
 * @buf: buffer for reading
 * @ttbr: page tables of the lower and the upper half
 * @tcr: size of these halves
 * @mair: meaning of page attributes
 * @user: number of changes to the lower half
 * @names: cache of page addresses
 */
struct cpu {
	struct qemu_plugin_register *x[31];
	struct byte_array *buf;
	uint64_t ttbr[2];
	uint64_t tcr;
	uint64_t mair;
	uint64_t user;
	struct name names[NAMES];
};

/**
 * struct fault - a reported fault
 * @what: text
 * @phys: physical address
 * @pc: the instruction that exposed it
 * @since: the instruction that last wrote or maintained the line
 */
struct fault {
	const char *what;
	uint64_t phys;
	uint64_t pc;
	uint64_t since;
};

static struct cpu cpus[MAX_CPUS];
/* Number of changes to the upper half, on all processors; never 0. */
static uint64_t changes = 1;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct line *lines;
static uint64_t range_start, range_size, around_start, around_size;
static bool snoops;
static uint64_t counts[EVENTS];
static struct fault faults[MAX_FAULTS];
static unsigned int nr_faults, section;
static FILE *out;

/* Parameters of the device's transfer. */
static uint64_t edu_source, edu_destination, edu_count;
static bool edu_busy, edu_to_memory;

static void fault(const char *what, uint64_t phys, uint64_t pc, uint64_t since)
{
	unsigned int i;

	counts[FAULTS]++;
	for (i = 0; i < nr_faults; i++)
		if (faults[i].what == what && faults[i].pc == pc && faults[i].since == since)
			return;
	if (nr_faults == MAX_FAULTS)
		return;
	faults[nr_faults++] = (struct fault){ what, phys, pc, since };
	fprintf(out, "fault %s at %" PRIx64 " by %" PRIx64 " since %" PRIx64 "\n", what, phys, pc,
		since);
}

static struct line *line_at(uint64_t phys)
{
	return phys - range_start < range_size ? &lines[(phys - range_start) / LINE] : NULL;
}

static bool never_cached(uint64_t phys)
{
	return phys - around_start < around_size;
}

/* A bit for each byte of the line at @phys that is in [@start, @end). */
static uint64_t bytes_of(uint64_t phys, uint64_t start, uint64_t end)
{
	uint64_t from = start > phys ? start - phys : 0;
	uint64_t to = end < phys + LINE ? end - phys : LINE;
	uint64_t below = to == LINE ? ~0ULL : (1ULL << to) - 1;

	return below & ~((1ULL << from) - 1);
}

static void set_state(struct line *line, unsigned int state, uint64_t pc)
{
	line->since = pc;
	line->state = state;
}

static void cache_load(struct line *line, uint64_t phys, uint64_t bytes, uint64_t pc,
		       const char *what)
{
	if (line->state & OLDER && bytes & ~line->written)
		fault(what, phys, pc, line->since);
}

static void cache_store(struct line *line, uint64_t bytes, uint64_t pc)
{
	unsigned int state = line->state | NEWER;

	if (state & OLDER) {
		line->written |= bytes;
		if (!~line->written)
			state &= ~OLDER;
	}
	set_state(line, state, pc);
}

static void memory_store(struct line *line, uint64_t phys, uint64_t pc, const char *what)
{
	if (line->state & NEWER)
		fault(what, phys, pc, line->since);
	if (never_cached(phys))
		return;
	line->written = 0;
	set_state(line, line->state | OLDER, pc);
}

static void memory_load(struct line *line, uint64_t phys, uint64_t pc, const char *what)
{
	if (line->state & NEWER)
		fault(what, phys, pc, line->since);
}

static void write_back(struct line *line, uint64_t phys, uint64_t pc)
{
	if (!(line->state & NEWER))
		return;
	if (line->state & OLDER)
		fault("stale-line-written-back", phys, pc, line->since);
	set_state(line, 0, pc);
}

static void access_line(bool cached, bool store, uint64_t phys, uint64_t bytes, uint64_t pc)
{
	struct line *line = line_at(phys);

	if (!line)
		return;
	if (cached && store)
		cache_store(line, bytes, pc);
	else if (cached)
		cache_load(line, phys, bytes, pc, "cpu-reads-stale-line");
	else if (store)
		memory_store(line, phys, pc, "cpu-writes-around-dirty-line");
	else
		memory_load(line, phys, pc, "cpu-reads-around-dirty-line");
}

static void device_line(bool begins, uint64_t phys, uint64_t bytes, uint64_t pc)
{
	struct line *line = line_at(phys);
	bool through = snoops && !never_cached(phys);

	if (!line)
		return;
	if (through && !edu_to_memory)
		cache_load(line, phys, bytes, pc, "device-reads-stale-line");
	else if (through && !begins)
		cache_store(line, bytes, pc);
	else if (!through && !edu_to_memory)
		memory_load(line, phys, pc, "device-reads-behind-dirty-line");
	else if (!through && begins && line->state & NEWER)
		fault("device-writes-behind-dirty-line", phys, pc, line->since);
	else if (!through && !begins)
		memory_store(line, phys, pc, "dirty-line-may-be-evicted-over-device");
}

/* Access everything that the transfer includes, when it @begins and when it has ended. */
static void device_transfer(bool begins, uint64_t pc)
{
	uint64_t start = edu_to_memory ? edu_destination : edu_source;
	uint64_t end = start + edu_count, phys;

	for (phys = start & ~(uint64_t)(LINE - 1); phys < end; phys += LINE)
		device_line(begins, phys, bytes_of(phys, start, end), pc);
}

static void device_access(uint64_t phys, bool store, uint64_t value, uint64_t pc)
{
	unsigned int at = phys & EDU_REGISTERS;

	if (!store) {
		if (at == EDU_COMMAND && edu_busy && !(value & EDU_START)) {
			edu_busy = false;
			device_transfer(false, pc);
		}
		return;
	}
	switch (at) {
	case EDU_SOURCE:
		edu_source = value;
		break;
	case EDU_DESTINATION:
		edu_destination = value;
		break;
	case EDU_COUNT:
		edu_count = value;
		break;
	case EDU_COMMAND:
		if (!(value & EDU_START))
			break;
		edu_busy = true;
		edu_to_memory = value & EDU_TO_MEMORY;
		if (line_at(edu_to_memory ? edu_destination : edu_source))
			counts[edu_to_memory ? DEVICE_WRITES : DEVICE_READS]++;
		device_transfer(true, pc);
		break;
	}
}

static void maintain_line(bool cached, uint32_t opcode, uint64_t phys, uint64_t pc)
{
	struct line *line = line_at(phys);

	if (!line)
		return;
	switch (opcode) {
	case DC_ZVA:
		counts[ZEROES]++;
		access_line(cached, true, phys, ~0ULL, pc);
		break;
	case DC_CVAC:
	case DC_CVAP:
		counts[CLEANS]++;
		write_back(line, phys, pc);
		break;
	case DC_CIVAC:
		counts[FLUSHES]++;
		write_back(line, phys, pc);
		set_state(line, 0, pc);
		break;
	case DC_IVAC:
		counts[INVALIDATES]++;
		if (line->state & NEWER)
			fault("invalidate-drops-dirty-line", phys, pc, line->since);
		set_state(line, 0, pc);
		break;
	}
}

/* --- meaning of page addresses */

static bool is_upper(uint64_t vaddr)
{
	return vaddr >> 55 & 1;
}

/* Names with another stamp are outdated. Both parts only increase. */
static uint64_t stamp_of(const struct cpu *cpu, uint64_t vaddr)
{
	uint64_t stamp = __atomic_load_n(&changes, __ATOMIC_ACQUIRE);

	return is_upper(vaddr) ? stamp : stamp + cpu->user;
}

/* Walk the page tables: what is the physical address of @vaddr, and is it cached? */
static bool walk(const struct cpu *cpu, uint64_t vaddr, uint64_t *phys, bool *cached)
{
	bool upper = is_upper(vaddr);
	unsigned int bits = 64 - (cpu->tcr >> (upper ? 16 : 0) & 0x3f);
	unsigned int granule = cpu->tcr >> (upper ? 30 : 14) & 3;
	uint64_t at = cpu->ttbr[upper] & 0xfffffffff000ULL, entry;
	int level = 4 - ((int)bits - 12 + 8) / 9;

	if (granule != (upper ? 2 : 0) || bits < 25 || bits > 48)
		return false;
	vaddr &= (1ULL << bits) - 1;
	for (;; level++) {
		unsigned int shift = 12 + 9 * (3 - level);
		uint64_t below = (1ULL << shift) - 1;

		cpu_physical_memory_rw(at + (vaddr >> shift & 0x1ff) * 8, &entry, sizeof(entry),
				       false);
		if (!(entry & 1))
			return false;
		if (level == 3 || !(entry & 2)) {
			unsigned int attr = cpu->mair >> (entry >> 2 & 7) * 8 & 0xff;

			*phys = (entry & 0xfffffffff000ULL & ~below) | (vaddr & below);
			*cached = attr >> 4 != 0 && attr >> 4 != 4;
			return true;
		}
		at = entry & 0xfffffffff000ULL;
	}
}

/* Find the name of @vaddr's page, or the entry to replace; then returns false. */
static bool find_name(struct cpu *cpu, uint64_t vaddr, struct name **found)
{
	uint64_t page = vaddr & ~(uint64_t)(PAGE - 1);
	struct name *name = &cpu->names[page / PAGE % NAMES];
	uint64_t stamp = stamp_of(cpu, vaddr);
	bool known = name->page == page && name->stamp == stamp;

	name->page = page;
	name->stamp = stamp;
	*found = name;
	return known;
}

/* Classify it by the page tables alone, for maintenance, which only refers to memory. */
static void classify_by_walk(struct cpu *cpu, struct name *name, uint64_t vaddr)
{
	bool cached;

	name->kind = IGNORED;
	if (!walk(cpu, vaddr, &name->phys, &cached)) {
		name->stamp = 0;
		return;
	}
	name->phys &= ~(uint64_t)(PAGE - 1);
	if (line_at(name->phys))
		name->kind = cached ? CACHED : AROUND;
}

/* Classify it by an access. */
static void classify(struct cpu *cpu, struct name *name, uint32_t info, uint64_t vaddr)
{
	struct qemu_plugin_hwaddr *haddr = qemu_plugin_get_hwaddr(info, vaddr);
	uint64_t walked;
	bool cached;

	name->kind = IGNORED;
	if (!haddr)
		return;
	name->phys = qemu_plugin_hwaddr_phys_addr(haddr) & ~(uint64_t)(PAGE - 1);
	if (qemu_plugin_hwaddr_is_io(haddr)) {
		if (!strcmp(qemu_plugin_hwaddr_device_name(haddr), "edu-mmio"))
			name->kind = DEVICE;
		return;
	}
	if (!line_at(name->phys))
		return;
	if (!walk(cpu, vaddr, &walked, &cached) || (walked & ~(uint64_t)(PAGE - 1)) != name->phys) {
		pthread_mutex_lock(&lock);
		counts[WRONG_WALKS]++;
		pthread_mutex_unlock(&lock);
		return;
	}
	name->kind = cached ? CACHED : AROUND;
}

static uint64_t value_of(uint32_t info)
{
	struct mem_value value = qemu_plugin_mem_get_value(info);
	unsigned int bits = 8U << qemu_plugin_mem_size_shift(info);

	return bits >= 64 ? value.data.u64 : value.data.u64 & ((1ULL << bits) - 1);
}

static void accessed(unsigned int nr, uint32_t info, uint64_t vaddr, void *data)
{
	uint64_t pc = (uintptr_t)data, start, end, phys;
	struct cpu *cpu = &cpus[nr];
	struct name *name;
	bool store;

	if (!find_name(cpu, vaddr, &name))
		classify(cpu, name, info, vaddr);
	if (name->kind == IGNORED)
		return;
	store = qemu_plugin_mem_is_store(info);
	start = name->phys + (vaddr & (PAGE - 1));
	end = start + (1ULL << qemu_plugin_mem_size_shift(info));
	pthread_mutex_lock(&lock);
	if (name->kind == DEVICE) {
		device_access(start, store, value_of(info), pc);
	} else {
		bool cached = name->kind == CACHED;

		counts[cached ? store ? CACHED_STORES : CACHED_LOADS :
				store ? AROUND_STORES : AROUND_LOADS]++;
		/* Ignore the part in the next page. */
		if (end > name->phys + PAGE)
			end = name->phys + PAGE;
		for (phys = start & ~(uint64_t)(LINE - 1); phys < end; phys += LINE)
			access_line(cached, store, phys, bytes_of(phys, start, end), pc);
	}
	pthread_mutex_unlock(&lock);
}

/* --- instructions */

static uint64_t operand(struct cpu *cpu, uint32_t insn)
{
	unsigned int number = insn & 0x1f;
	uint64_t value = 0;

	if (number == 31)
		return 0;
	g_byte_array_set_size(cpu->buf, 0);
	if (qemu_plugin_read_register(cpu->x[number], cpu->buf) != sizeof(value))
		abort();
	memcpy(&value, cpu->buf->data, sizeof(value));
	return value;
}

/**
 * struct insn - an instruction to check when it runs
 * @code: the instruction
 * @pc: its address
 */
struct insn {
	uint64_t pc;
	uint32_t code;
};

static void maintains(unsigned int nr, void *data)
{
	const struct insn *insn = data;
	struct cpu *cpu = &cpus[nr];
	uint64_t vaddr = operand(cpu, insn->code);
	struct name *name;

	if (!find_name(cpu, vaddr, &name))
		classify_by_walk(cpu, name, vaddr);
	if (name->kind == IGNORED)
		return;
	pthread_mutex_lock(&lock);
	maintain_line(name->kind == CACHED, OPCODE(insn->code),
		      name->phys + (vaddr & (PAGE - LINE)), insn->pc);
	pthread_mutex_unlock(&lock);
}

static void translates_anew(unsigned int nr, void *data)
{
	const struct insn *insn = data;
	struct cpu *cpu = &cpus[nr];

	switch (OPCODE(insn->code)) {
	case MSR_TTBR0:
		cpu->ttbr[0] = operand(cpu, insn->code);
		cpu->user++;
		return;
	case MSR_TTBR1:
		cpu->ttbr[1] = operand(cpu, insn->code);
		break;
	case MSR_TCR:
		cpu->tcr = operand(cpu, insn->code);
		break;
	case MSR_MAIR:
		cpu->mair = operand(cpu, insn->code);
		break;
	}
	__atomic_add_fetch(&changes, 1, __ATOMIC_ACQ_REL);
}

/* Called with @lock held. */
static void end_section(void)
{
	int i;

	for (i = 0; i < EVENTS; i++)
		fprintf(out, "count %s %" PRIu64 "\n", event_names[i], counts[i]);
	fflush(out);
	memset(counts, 0, sizeof(counts));
	nr_faults = 0;
}

static void begins_section(unsigned int nr, void *data)
{
	(void)nr;
	(void)data;
	pthread_mutex_lock(&lock);
	end_section();
	fprintf(out, "section %u\n", ++section);
	pthread_mutex_unlock(&lock);
}

static void ended(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	pthread_mutex_lock(&lock);
	end_section();
	fprintf(out, "end\n");
	fclose(out);
	pthread_mutex_unlock(&lock);
}

static vcpu_fn *watcher_of(uint32_t code)
{
	switch (OPCODE(code)) {
	case DC_IVAC:
	case DC_ZVA:
	case DC_CVAC:
	case DC_CVAP:
	case DC_CIVAC:
		return maintains;
	case MSR_TTBR0:
	case MSR_TTBR1:
	case MSR_TCR:
	case MSR_MAIR:
		return translates_anew;
	}
	if (IS_TLBI(code))
		return translates_anew;
	return code == NEXT_SECTION ? begins_section : NULL;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, nr = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < nr; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t pc = qemu_plugin_insn_vaddr(insn);
		uint32_t code = 0;
		vcpu_fn *watcher;

		qemu_plugin_insn_data(insn, &code, sizeof(code));
		watcher = watcher_of(code);
		if (watcher) {
			struct insn *copy = malloc(sizeof(*copy));

			if (!copy)
				abort();
			*copy = (struct insn){ pc, code };
			qemu_plugin_register_vcpu_insn_exec_cb(insn, watcher, READ_REGISTERS, copy);
		}
		qemu_plugin_register_vcpu_mem_cb(insn, accessed, 0, MEM_RW, (void *)(uintptr_t)pc);
	}
}

static void begins(uint64_t id, unsigned int nr)
{
	struct array *array = qemu_plugin_get_registers();
	struct reg_descriptor *descriptors = (void *)array->data;
	unsigned int i, number;
	char end;

	(void)id;
	if (nr >= MAX_CPUS)
		abort();
	cpus[nr].buf = g_byte_array_new();
	for (i = 0; i < array->len; i++)
		if (sscanf(descriptors[i].name, "x%u%c", &number, &end) == 1 && number < 31)
			cpus[nr].x[number] = descriptors[i].handle;
}

static bool parse_range(const char *text, uint64_t *start, uint64_t *size)
{
	char *end;

	*start = strtoull(text, &end, 0);
	if (*end != '+')
		return false;
	*size = strtoull(end + 1, &end, 0);
	return !*end && *size && !((*start | *size) % PAGE);
}

__attribute__((visibility("default")))
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	uint64_t i;

	(void)info;
	for (i = 0; i < (uint64_t)argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
		else if (!strcmp(argv[i], "snoops=on"))
			snoops = true;
		else if (!strncmp(argv[i], "range=", 6) &&
			 parse_range(argv[i] + 6, &range_start, &range_size))
			continue;
		else if (!strncmp(argv[i], "around=", 7) &&
			 parse_range(argv[i] + 7, &around_start, &around_size))
			continue;
		else
			return -1;
	}
	lines = calloc(range_size / LINE, sizeof(*lines));
	if (!out || !range_size || !lines || !cpu_physical_memory_rw)
		return -1;
	/* The boot loader may have left anything in the cache. */
	for (i = 0; i < range_size / LINE; i++)
		lines[i].state = NEWER;
	fprintf(out, "section 0\n");
	qemu_plugin_register_vcpu_init_cb(id, begins);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
