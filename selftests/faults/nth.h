/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failing the 1st, 2nd, ... allocation and user copy of an operation, until one goes through
 * untouched: a kernel with fault injection counts them in /proc/thread-self/fail-nth.
 */
#ifndef FAULTS_NTH_H
#define FAULTS_NTH_H

#include <errno.h>
#include <stdbool.h>

/* The most that any operation of ours may take. */
#define MAX_POINTS	3000

/* errnos that every operation may end with: memory ran out, user memory was not there. */
#define ANY_ERRNO	(const int[]){ ENOMEM, EFAULT, 0 }

/**
 * struct operation - something that may fail
 * @run: do it; negative with errno set, as system calls
 * @undo: take back what a successful @run did; may be NULL
 * @intact: whether all is as before, without a leak; says what is not. After each run
 * @errnos: what @run may fail with, ended by 0
 * @context: for the three
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
