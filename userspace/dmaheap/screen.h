/* SPDX-License-Identifier: MIT */
/* A terminal that a command uses exclusively. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SCREEN_END	(-1)
#define SCREEN_AGAIN	0

bool screen_begin(void);
void screen_end(void);
void screen_size(unsigned int *columns, unsigned int *lines);
int screen_wait(uint64_t ms);

#endif /* SCREEN_H */
