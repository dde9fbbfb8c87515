/* SPDX-License-Identifier: MIT */
#ifndef FINDING_H
#define FINDING_H

#include <stdbool.h>

/*
 * Findings of "dmaheap doctor", printed immediately, as text or as JSON: each finding is followed
 * by advice.
 */
void findings_begin(bool as_json);
void findings_end(void);

void good(const char *format, ...) __attribute__((format(printf, 1, 2)));
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
void advise(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Number of problems so far. */
unsigned int problems(void);

#endif /* FINDING_H */
