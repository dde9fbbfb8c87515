/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_VIEW_H
#define PMEM_VIEW_H

#include "pmem.h"

int pmem_mmap(struct file *filp, struct vm_area_struct *vma);
unsigned long pmem_get_unmapped_area(struct file *filp, unsigned long addr,
				     unsigned long len, unsigned long pgoff,
				     unsigned long flags);
unsigned long pmem_user_part(struct pmem_file *file, struct dma_buf *dmabuf,
			     unsigned long addr, unsigned long len,
			     u64 *offset);

#endif /* PMEM_VIEW_H */
