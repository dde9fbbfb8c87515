// SPDX-License-Identifier: GPL-2.0-only
/* Generate, print and parse programs; declared in program.h. */
#include <string.h>

#include "program.h"

/* xorshift; *state must not be 0. */
uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static struct call random_call(uint32_t *state)
{
	struct call call;
	size_t i;

	call.op = random_next(state) % nr_ops;
	call.thread = random_next(state) % 4 == 0;
	for (i = 0; i < sizeof(call.arg); i++)
		/* Low numbers refer to existing objects. */
		call.arg[i] = random_next(state) >> (random_next(state) % 3 ? 29 : 24);
	return call;
}

static void insert(struct program *program, uint32_t at, struct call call)
{
	if (program->nr == MAX_CALLS)
		return;
	memmove(&program->calls[at + 1], &program->calls[at],
		(program->nr - at) * sizeof(call));
	program->calls[at] = call;
	program->nr++;
}

static void take_out(struct program *program, uint32_t at)
{
	program->nr--;
	memmove(&program->calls[at], &program->calls[at + 1],
		(program->nr - at) * sizeof(program->calls[0]));
}

/* Append the end of another program to the start of this one. */
static void splice(struct program *program, const struct program *other, uint32_t *state)
{
	uint32_t keep = random_next(state) % (program->nr + 1);
	uint32_t from = random_next(state) % (other->nr + 1);

	program->nr = keep;
	while (from < other->nr && program->nr < MAX_CALLS)
		program->calls[program->nr++] = other->calls[from++];
}

void program_mutate(struct program *program, const struct program *other, uint32_t *state)
{
	int times = 1 + random_next(state) % 4;

	while (times--) {
		uint32_t at = program->nr ? random_next(state) % program->nr : 0;

		switch (random_next(state) % 8) {
		case 0:
			splice(program, other, state);
			break;
		case 1:
			if (program->nr > 1)
				take_out(program, at);
			break;
		case 2:
			if (program->nr)
				program->calls[at].thread ^= 1;
			break;
		case 3:
			if (program->nr)
				insert(program, at, program->calls[at]);
			break;
		case 4:
		case 5:
			if (program->nr)
				program->calls[at].arg[random_next(state) % 6] = random_next(state);
			break;
		default:
			insert(program, at, random_call(state));
		}
	}
}

/* One program per line: eight bytes of each call in hexadecimal, in the format of struct call. */
void program_print(FILE *file, const struct program *program)
{
	uint32_t i;

	for (i = 0; i < program->nr; i++) {
		const struct call *call = &program->calls[i];

		fprintf(file, "%s%02x%02x%02x%02x%02x%02x%02x%02x", i ? " " : "", call->op,
			call->thread, call->arg[0], call->arg[1], call->arg[2], call->arg[3],
			call->arg[4], call->arg[5]);
	}
	fputc('\n', file);
}

static bool read_call(const char *text, struct call *call)
{
	uint8_t *arg = call->arg;

	if (sscanf(text, "%2hhx%2hhx%2hhx%2hhx%2hhx%2hhx%2hhx%2hhx", &call->op, &call->thread,
		   &arg[0], &arg[1], &arg[2], &arg[3], &arg[4], &arg[5]) != 8)
		return false;
	call->op %= nr_ops;
	call->thread %= 2;
	return true;
}

/* Lines that begin with '#' are comments. Returns false at the end of the file. */
bool program_read(FILE *file, struct program *program)
{
	char line[MAX_CALLS * 17 + 16], *word, *rest;

	program->nr = 0;
	while (!program->nr && fgets(line, sizeof(line), file)) {
		if (*line == '#')
			continue;
		for (word = strtok_r(line, " \n", &rest); word && program->nr < MAX_CALLS;
		     word = strtok_r(NULL, " \n", &rest))
			program->nr += read_call(word, &program->calls[program->nr]);
	}
	return program->nr;
}
