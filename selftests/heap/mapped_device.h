/* SPDX-License-Identifier: GPL-2.0-only */
/* A device-mapper device on top of another block device: it can fail, and can be suspended. */
#ifndef HEAP_MAPPED_DEVICE_H
#define HEAP_MAPPED_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

void mapped_device_create(const char *path, int below, size_t good, size_t bad);
void mapped_device_answers(bool answers);
void mapped_device_remove(void);

#endif /* HEAP_MAPPED_DEVICE_H */
