/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of /dev/edu_importer. All return -1 with errno set when they fail. */
#ifndef IMPORTERS_EDU_CLIENT_H
#define IMPORTERS_EDU_CLIENT_H

#include <stddef.h>

#include "edu_importer.h"

int edu_open(void);
int edu_attach(int edu, int dmabuf);
int edu_detach(int edu);
int edu_snoop(int edu, int snoops);
int edu_map(int edu, __u32 direction);
int edu_unmap(int edu);
int edu_reads(int edu, __u64 offset, __u32 len);
int edu_writes(int edu, __u64 offset, __u32 len);
int edu_reads_raw(int edu, __u64 address, __u32 len);
int edu_writes_raw(int edu, __u64 address, __u32 len);
int edu_segment(int edu, __u32 index, struct edu_importer_segment *segment);

#endif /* IMPORTERS_EDU_CLIENT_H */
