// SPDX-License-Identifier: GPL-2.0-only
/*
 * mistakes FAULT: misuse legacy nodes so that the cache model must find a FAULT. Nothing else
 * shows it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../importers/edu_client.h"
#include "../pmem/pmem.h"

#define LEN	KiB(64)
#define PIECE	EDU_IMPORTER_MAX

/* A client of "pmem", its memory mapped cached and write-combined, and the device. */
static int client, edu;
static unsigned long phys;
static volatile unsigned int *cached, *around;

static void must(bool done, const char *what)
{
	if (!done)
		die(what);
}

static void maintain(unsigned int cmd)
{
	must(!pmem_cache(client, cmd, (void *)cached, 0, LEN), "cache maintenance");
}

static void device_reads(void)
{
	must(!edu_reads_raw(edu, phys, PIECE), "the device reads");
}

static void device_writes(void)
{
	must(!edu_writes_raw(edu, phys, PIECE), "the device writes");
}

static void forget_to_clean(void)
{
	*cached = 1;
	device_reads();
}

static void forget_to_flush(void)
{
	*cached = 1;
	device_writes();
}

static void *write_on(void *arg)
{
	atomic_bool *stop = arg;

	while (!*stop)
		*cached = 1;
	return NULL;
}

static void write_meanwhile(void)
{
	atomic_bool stop = false;
	pthread_t thread;

	must(!pthread_create(&thread, NULL, write_on, &stop), "thread");
	device_writes();
	stop = true;
	pthread_join(thread, NULL);
}

static void forget_to_invalidate(void)
{
	device_writes();
	(void)*cached;
}

static void write_to_stale_line(void)
{
	device_writes();
	*cached = 1;
	maintain(PMEM_CLEAN_CACHES);
}

/* Unmapping invalidates. */
static void write_while_mapped(void)
{
	int dmabuf = pmem_export(client, O_RDWR);

	must(!edu_attach(edu, dmabuf), "attach");
	must(!edu_map(edu, EDU_IMPORTER_FROM_DEVICE), "map");
	*cached = 1;
	must(!edu_unmap(edu), "unmap");
	close(dmabuf);
}

static void read_around(void)
{
	*cached = 1;
	(void)*around;
}

static void write_around(void)
{
	*cached = 1;
	*around = 2;
}

static void write_around_and_show(void)
{
	*around = 2;
	device_reads();
}

static const struct {
	const char *fault;
	void (*make)(void);
} mistakes[] = {
	{ "device-reads-behind-dirty-line", forget_to_clean },
	{ "device-writes-behind-dirty-line", forget_to_flush },
	{ "dirty-line-may-be-evicted-over-device", write_meanwhile },
	{ "cpu-reads-stale-line", forget_to_invalidate },
	{ "stale-line-written-back", write_to_stale_line },
	{ "invalidate-drops-dirty-line", write_while_mapped },
	{ "cpu-reads-around-dirty-line", read_around },
	{ "cpu-writes-around-dirty-line", write_around },
	{ "device-reads-stale-line", write_around_and_show },
};

#define NR_MISTAKES	(sizeof(mistakes) / sizeof(mistakes[0]))

int main(int argc, char **argv)
{
	void *memory;
	size_t i;
	int sub;

	client = pmem_master("pmem", LEN, &memory);
	must(client >= 0, "/dev/pmem");
	cached = memory;
	phys = pmem_phys(client).offset;
	sub = pmem_open_flags("pmem", O_RDWR | OLD_O_SYNC);
	must(!pmem_connect(sub, client) && !pmem_map(sub, 0, LEN), "connect");
	around = pmem_mmap(sub, LEN);
	must(around != MAP_FAILED, "mmap");
	edu = edu_open();
	must(edu >= 0, EDU_IMPORTER_PATH);
	maintain(PMEM_CLEAN_INV_CACHES);
	for (i = 0; i < NR_MISTAKES; i++)
		if (argc == 2 && !strcmp(argv[1], mistakes[i].fault))
			break;
	if (i == NR_MISTAKES) {
		fprintf(stderr, "usage: mistakes FAULT\n");
		return 2;
	}
	mistakes[i].make();
	return 0;
}
