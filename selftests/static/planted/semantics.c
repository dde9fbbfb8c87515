// SPDX-License-Identifier: GPL-2.0-only
/* Planted: a pointer is used after it was freed. */
int planted(struct planted *p);
int planted(struct planted *p)
{
	kfree(p);
	return p->value;
}
