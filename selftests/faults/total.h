/* SPDX-License-Identifier: GPL-2.0-only */
/* The last test of a program that injects faults: how many there were. */
#ifndef FAULTS_TOTAL_H
#define FAULTS_TOTAL_H

#include "nth.h"

/* Fixtures run in the order of their definition: this one stands behind everything else. */
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

#endif /* FAULTS_TOTAL_H */
