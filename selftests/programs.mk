# SPDX-License-Identifier: GPL-2.0-only
#
# Common to the Makefiles of test programs: builds static programs for one architecture. suite.bash
# calls these Makefiles; by hand:
#
#	make -C selftests/FOLDER CROSS_COMPILE=aarch64-linux-gnu- KSELFTEST=FOLDER B=FOLDER O=FOLDER
#
# KSELFTEST has kselftest_harness.h. Objects go to B, in the same folders as here; programs go to O.
# DRM_HEADERS has compiler options for finding the kernel's DRM headers, if needed.
#
# A Makefile sets PROGRAMS, names relative to O, includes this, and lists their objects.

ifeq ($(and $(B),$(O),$(KSELFTEST)),)
$(error B, O and KSELFTEST have to be set)
endif

SELFTESTS := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

CC := $(CROSS_COMPILE)gcc
# The harness is a system header so that it causes no warnings.
FLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	 -isystem $(KSELFTEST) -I$(SELFTESTS)/../uapi -pthread -MMD -MP

# Helpers for tests of heaps, importers and legacy nodes. Some names exist both for heaps and for
# legacy nodes.
HEAP := $(addprefix $(B)/, heap/common.o heap/module.o heap/importer_client.o util.o)
PMEM := $(addprefix $(B)/, pmem/pmem.o pmem/peer.o heap/importer_client.o util.o)

all: $(addprefix $(O)/,$(PROGRAMS))

$(addprefix $(O)/,$(PROGRAMS)):
	@mkdir -p $(@D)
	$(CC) -static -pthread -s -o $@ $^

# Finally tells the guest whether all memory is free.
$(O)/left: $(B)/pmem/left.o $(PMEM)

$(B)/%.o: $(SELFTESTS)/%.c $(SELFTESTS)/programs.mk Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(DRM_HEADERS) -c -o $@ $<

-include $(patsubst %.o,%.d,$(wildcard $(addsuffix /*.o,$(B) $(B)/* $(B)/*/*)))

.PHONY: all
.SECONDARY:
