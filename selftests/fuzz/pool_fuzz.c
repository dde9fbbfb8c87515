// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for the pool. The input describes a pool and operations, which are executed on it
 * and on the reference of selftests/unit; a difference is a finding.
 */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "verify.h"

#define MAX_QUANTA	1500
#define VERIFY_EVERY	8

/**
 * struct input - the unread part of the input
 * @data: the next byte
 * @left: number of bytes
 */
struct input {
	const unsigned char *data;
	size_t left;
};

/* Zeros after the end. */
static u32 get_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

/* Usually 0 to a little above @limit, otherwise a number near the maximum. */
static u32 get_number(struct input *in, u32 limit)
{
	u32 high = get_byte(in);
	u32 low = get_byte(in);

	if (high == 0xff)
		return ~0U - low;
	return (high << 8 | low) % (limit + 2);
}

static u32 get_align(struct input *in)
{
	u32 byte = get_byte(in);

	if (byte >= 0xf0)
		return byte - 0xf0;
	return 1U << byte % 32;
}

/* The run at or after a quantum from the input; it may be in use. */
static bool get_run(struct input *in, const struct pair *p,
		    struct pool_run *run)
{
	u32 at = get_number(in, p->model.nr);

	while (at < p->model.nr && p->model.used[at] && !p->model.head[at])
		at++;
	return model_next_run(&p->model, at, run);
}

static bool operate(struct input *in, struct pair *p)
{
	u32 nr = p->model.nr;
	struct pool_run run;
	u32 start, len;

	switch (get_byte(in) % 15) {
	case 0:
	case 1:
	case 2:
		len = get_number(in, nr);
		return pair_alloc(p, len, get_align(in));
	case 3:
		len = get_number(in, nr / 16);
		return pair_alloc(p, len, get_align(in));
	case 4:
		start = get_number(in, nr);
		return pair_alloc_at(p, start, get_number(in, nr / 4));
	case 5:
	case 6:
		return !get_run(in, p, &run) || pair_free(p, run.start, run.len);
	case 7:
		start = get_number(in, nr);
		return pair_free(p, start, get_number(in, nr));
	case 8:
		start = get_number(in, nr);
		return pair_set_clean(p, start, get_number(in, nr));
	case 9:
		return pair_next_to_clean(p, get_number(in, nr),
					  get_byte(in) & 1);
	case 10:
		start = get_number(in, nr);
		len = get_number(in, nr);
		return pair_next_dirty(p, start, len, get_number(in, nr));
	case 11:
		return pair_next_run(p, get_number(in, nr));
	case 12:
		start = get_number(in, nr);
		len = get_number(in, nr);
		return pair_add(p, start, len, get_byte(in) & 1);
	case 13:
		start = get_number(in, nr);
		return pair_remove(p, start, get_number(in, nr / 4));
	default:
		len = get_number(in, nr / 4);
		return pair_alloc_lowest(p, len, get_align(in));
	}
}

/* libFuzzer prints the location and stores the input. */
static void differ(void)
{
	fflush(stdout);
	abort();
}

/* The Makefile renames it to the function that libFuzzer calls. */
int fuzz_target(const unsigned char *data, size_t size)
{
	struct input in = { data, size };
	u32 nr = 1 + get_number(&in, MAX_QUANTA) % MAX_QUANTA;
	u64 base = (u64)get_number(&in, 70000) << get_byte(&in) % 32;
	u32 kind = get_byte(&in);
	struct pair p;
	u32 op;

	if (!(kind & 0x80 ? pair_init_absent(&p, base, nr) :
			    pair_init(&p, base, nr, kind & 1)))
		differ();
	if (kind & 2)
		pair_set_large(&p, 1U << (kind >> 2 & 7),
			       1U << ((kind >> 2 & 7) + (kind >> 5 & 3)));
	for (op = 0; in.left; op++)
		if (!operate(&in, &p) ||
		    (op % VERIFY_EVERY == 0 && !pair_verify(&p)))
			differ();
	if (!pair_verify(&p))
		differ();
	pair_destroy(&p);
	if (host_alloc.live)
		differ();
	return 0;
}
