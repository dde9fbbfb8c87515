/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_IOCTL_H
#define PMEM_IOCTL_H

struct file;

long pmem_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);
long pmem_compat_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);

#endif /* PMEM_IOCTL_H */
