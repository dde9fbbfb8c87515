// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count instructions. With QEMU's -icount shift=0, the guest's clock advances by one nanosecond
 * per instruction, in steps of the system counter's period.
 *
 * The background work for a heap is the run time of the threads that zero memory. The kernel's own
 * heaps for CMA and system memory have none.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"

static uint64_t clock_cost;
static clockid_t background_clocks[4];
static int background_nr;

void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		die("clock_gettime");
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

uint64_t now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Without the cost of reading the clock. */
uint64_t spent_since(uint64_t start)
{
	uint64_t spent = now() - start;

	return spent > clock_cost ? spent - clock_cost : 0;
}

void measure_setup(void)
{
	struct series series = {};

	while (series.count < MAX_ROUNDS) {
		uint64_t start = now();

		series_add(&series, now() - start);
	}
	clock_cost = series_median(&series);
}

static int is_thread(const char *pid, const char *name)
{
	char path[300], comm[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(comm, sizeof(comm), file))
		comm[0] = 0;
	fclose(file);
	comm[strcspn(comm, "\n")] = 0;
	/* Some kernels truncate long names. */
	return !strcmp(comm, name) || (strlen(comm) == 15 && !strncmp(comm, name, 15));
}

/* Find the thread @name, which zeroes memory. */
void background_add(const char *name)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc)))
		if (is_thread(entry->d_name, name) &&
		    !clock_getcpuclockid(atoi(entry->d_name), &background_clocks[background_nr]))
			break;
	if (!proc || !entry)
		die(name);
	background_nr++;
	closedir(proc);
}

/* The total cost of background work since boot. */
uint64_t background_spent(void)
{
	uint64_t spent = 0;
	int i;

	for (i = 0; i < background_nr; i++)
		spent += read_clock(background_clocks[i]);
	return spent;
}

void series_add(struct series *series, uint64_t cost)
{
	if (series->count == MAX_ROUNDS)
		die("too many rounds");
	series->cost[series->count++] = cost;
}

static int compare(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

/* Excludes the first rounds, in which code is cold, and rounds with a timer tick. */
uint64_t series_median(const struct series *series)
{
	struct series sorted = *series;

	if (!sorted.count)
		die("no rounds");
	qsort(sorted.cost, sorted.count, sizeof(*sorted.cost), compare);
	return sorted.cost[sorted.count / 2];
}

void tell(const char *what, const char *heap, uint64_t bytes, uint64_t waited,
	  uint64_t total)
{
	printf("%s,%s,%llu,%llu,%llu\n", what, heap, (unsigned long long)bytes,
	       (unsigned long long)waited, (unsigned long long)total);
}

/* @background: its cost per round. */
void tell_series(const char *what, const char *heap, uint64_t bytes,
		 const struct series *waited, uint64_t background)
{
	uint64_t median = series_median(waited);

	tell(what, heap, bytes, median, median + background);
}
