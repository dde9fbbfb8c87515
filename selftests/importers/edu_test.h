/* SPDX-License-Identifier: GPL-2.0-only */
/* Common to tests in which the edu device reads and writes a buffer of LEN bytes. */
#ifndef IMPORTERS_EDU_TEST_H
#define IMPORTERS_EDU_TEST_H

#include "../heap/test.h"
#include "edu_client.h"
#include "place.h"
#include "source.h"

#define PIECE	EDU_IMPORTER_MAX

/* A fixture with the variants @kinds: allocates and fills such a buffer, attaches the device. */
#define EDU_FIXTURE(fixture, kinds)					\
	FIXTURE(fixture) {						\
		int edu;						\
		int fd;							\
		char *memory;						\
	};								\
	kinds(fixture);							\
	FIXTURE_SETUP(fixture)						\
	{								\
		self->edu = edu_open();					\
		ASSERT_LE(0, self->edu);				\
		self->fd = place_alloc(variant->path, LEN);		\
		ASSERT_LE(0, self->fd);					\
		self->memory = buffer_map(self->fd, LEN);		\
		ASSERT_NE(MAP_FAILED, self->memory);			\
		buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);	\
		fill(self->memory, LEN, 1);				\
		buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);	\
		/* A device cannot snoop memory outside of the linear map. */	\
		if (source_is_nomap(variant->path))			\
			ASSERT_EQ(0, edu_snoop(self->edu, false));	\
		ASSERT_EQ(0, edu_attach(self->edu, self->fd));		\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		close(self->edu);					\
	}

#endif /* IMPORTERS_EDU_TEST_H */
