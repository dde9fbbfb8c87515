// SPDX-License-Identifier: GPL-2.0-only
/* Find the memory of buffers; declared in place.h. */
#include <unistd.h>

#include "../heap/importer_client.h"

#include "place.h"
#include "source.h"

/* Give up after so many buffers that are contiguous by coincidence. */
#define TRIES	64

/* Uses a device without limits and without an IOMMU. */
bool place_find(int fd, struct place *place)
{
	int importer = importer_open(), i;
	int attachment = importer_attach(importer, importer_any_device(importer), fd);
	bool found;

	place->count = importer_map(importer, attachment, HEAP_IMPORTER_BOTH);
	found = place->count > 0 && place->count <= MAX_PIECES;
	for (i = 0; found && i < place->count; i++)
		found = !importer_segment(importer, attachment, i, &place->piece[i].address,
					  &place->piece[i].len);
	close(importer);
	return found;
}

/* The offset of @address in the buffer, or a huge number if it is not there. */
__u64 place_offset(const struct place *place, __u64 address)
{
	__u64 offset = 0;
	int i;

	for (i = 0; i < place->count; i++) {
		const struct piece *piece = &place->piece[i];

		if (address >= piece->address && address - piece->address < piece->len)
			return offset + (address - piece->address);
		offset += piece->len;
	}
	return ~0ULL;
}

/*
 * Like source_alloc(), but scattered memory really has several pieces. @len must not be a power of
 * two: then it consists of several blocks, which are rarely adjacent.
 */
int place_alloc(const char *path, size_t len)
{
	int fd[TRIES], count = 0, found = -1;
	struct place place;

	while (found < 0 && count < TRIES) {
		fd[count] = source_alloc(path, len);
		if (fd[count] < 0)
			break;
		if (!source_is_scattered(path) ||
		    (place_find(fd[count], &place) && place.count > 1))
			found = fd[count];
		else
			count++;
	}
	while (count)
		close(fd[--count]);
	return found;
}
