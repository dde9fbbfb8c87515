/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctls: command.c. */
#ifndef CONTIG_COMMAND_H
#define CONTIG_COMMAND_H

#include <linux/compiler.h>

struct heap;

long command_run(struct heap *heap, unsigned int ucmd, void __user *user);

#endif /* CONTIG_COMMAND_H */
