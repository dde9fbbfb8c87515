/* SPDX-License-Identifier: MIT */
#ifndef FINDING_H
#define FINDING_H

#include <stdbool.h>

/*
 * What "dmaheap doctor" finds, printed as it comes, for people or as JSON: each finding, and after
 * it what is advised about it.
 */
void findings_begin(bool as_json);
void findings_end(void);

void good(const char *format, ...) __attribute__((format(printf, 1, 2)));
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
void advise(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many problems there were so far. */
unsigned int problems(void);

#endif /* FINDING_H */
