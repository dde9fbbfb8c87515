/* SPDX-License-Identifier: GPL-2.0-only */
/* The node for ioctls that need a buffer but no heap: buffer_node.c. */
#ifndef CONTIG_BUFFER_NODE_H
#define CONTIG_BUFFER_NODE_H

int buffer_node_setup(void);
void buffer_node_teardown(void);

#endif /* CONTIG_BUFFER_NODE_H */
