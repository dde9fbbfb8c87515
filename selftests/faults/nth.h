/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Make the 1st, 2nd, ... allocation or user copy of an operation fail, until it succeeds without a
 * fault: a kernel with fault injection counts them in /proc/thread-self/fail-nth.
 */
#ifndef FAULTS_NTH_H
#define FAULTS_NTH_H

#include <errno.h>
#include <stdbool.h>

/* Maximum number of faults of an operation. */
#define MAX_POINTS	3000

/* Every operation may fail with these: memory ran out, user memory was not accessible. */
#define ANY_ERRNO	(const int[]){ ENOMEM, EFAULT, 0 }

/**
 * struct operation - something that may fail
 * @run: do it; negative with errno set on failure, like system calls
 * @undo: undo a successful @run; may be NULL
 * @intact: is everything as before, without a leak? Prints what is not. Called after each run
 * @errnos: permitted errors of @run, terminated by 0
 * @context: argument of the functions
 */
struct operation {
	int (*run)(void *context);
	void (*undo)(void *context, int result);
	bool (*intact)(void *context);
	const int *errnos;
	void *context;
};

bool faults_available(void);
void faults_prepare(void);
void faults_of_modules_only(void);
int faults_inject(const char *name, const struct operation *operation);
void faults_again(void);
int faults_total(void);

#endif /* FAULTS_NTH_H */
