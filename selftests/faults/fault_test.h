/* SPDX-License-Identifier: GPL-2.0-only */
/* Common to test programs that inject faults; "data" is the type of their fixtures' data. */
#ifndef FAULTS_FAULT_TEST_H
#define FAULTS_FAULT_TEST_H

#include "nth.h"

/* Call this first in the setup of a fixture. */
#define FAULTS_SETUP()								\
	do {									\
		if (!faults_available())					\
			SKIP(return, "this kernel has no fault injection");	\
		faults_prepare();						\
	} while (0)

/*
 * Define a function for struct operation's @run that evaluates this with the fixture's data, self.
 */
#define RUN(function, expression)						\
static int function(void *context)						\
{										\
	data *self = context;							\
										\
	return expression;							\
}

/* At least this number of faults must be possible; for the rest, see struct operation. */
#define EXPECT_FAULTS_OF(at_least, name, run, undo, intact, errnos)		\
	EXPECT_LE(at_least, faults_inject(name, &(struct operation){		\
		run, undo, intact, errnos, self }))

#define EXPECT_FAULTS(at_least, run, undo)					\
	EXPECT_FAULTS_OF(at_least, #run, run, undo, intact, ANY_ERRNO)

/* Check the total. Fixtures run in the order of their definition, so this must be the last. */
#define TEST_TOTAL_OF_FAULTS(more_than)						\
FIXTURE(all) {									\
};										\
										\
FIXTURE_SETUP(all)								\
{										\
	if (!faults_available())						\
		SKIP(return, "this kernel has no fault injection");		\
}										\
										\
FIXTURE_TEARDOWN(all)								\
{										\
}										\
										\
TEST_F(all, number_of_faults)							\
{										\
	TH_LOG("%d faults injected in all", faults_total());			\
	EXPECT_LT(more_than, faults_total());					\
}

#endif /* FAULTS_FAULT_TEST_H */
