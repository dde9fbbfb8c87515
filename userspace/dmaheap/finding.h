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

enum finding_kind { FINDING_GOOD, FINDING_NOTE, FINDING_PROBLEM };

void finding(enum finding_kind kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define good(...)	finding(FINDING_GOOD, __VA_ARGS__)
#define note(...)	finding(FINDING_NOTE, __VA_ARGS__)
#define problem(...)	finding(FINDING_PROBLEM, __VA_ARGS__)

void advise(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Number of problems so far. */
unsigned int problems(void);

#endif /* FINDING_H */
