# SPDX-License-Identifier: GPL-2.0-only
#
# How test programs are built, static, for one architecture: what the Makefiles of their folders
# share. suite.bash calls those; by hand:
#
#	make -C selftests/FOLDER CROSS_COMPILE=aarch64-linux-gnu- KSELFTEST=FOLDER B=FOLDER O=FOLDER
#
# KSELFTEST has kselftest_harness.h; objects go to B, in folders as here, programs to O. DRM_HEADERS
# is what the compiler has to be told to find the kernel's headers of DRM, if anything.
#
# A Makefile sets PROGRAMS, names below O, includes this, and says what each is made of.

ifeq ($(and $(B),$(O),$(KSELFTEST)),)
$(error B, O and KSELFTEST have to be set)
endif

SELFTESTS := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

CC := $(CROSS_COMPILE)gcc
# The harness is not ours to warn about, hence a system header.
FLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	 -isystem $(KSELFTEST) -I$(SELFTESTS)/../uapi -pthread -MMD -MP

# What tests of heaps, of their importers and of legacy nodes call. The first and the last have some
# names in common.
HEAP := $(addprefix $(B)/, heap/common.o heap/module.o heap/importer_client.o util.o)
PMEM := $(addprefix $(B)/, pmem/pmem.o pmem/peer.o heap/importer_client.o util.o)

all: $(addprefix $(O)/,$(PROGRAMS))

$(addprefix $(O)/,$(PROGRAMS)):
	@mkdir -p $(@D)
	$(CC) -static -pthread -s -o $@ $^

# Tells the guest at the end whether all memory is free.
$(O)/left: $(B)/pmem/left.o $(PMEM)

$(B)/%.o: $(SELFTESTS)/%.c $(SELFTESTS)/programs.mk Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(DRM_HEADERS) -c -o $@ $<

-include $(patsubst %.o,%.d,$(wildcard $(addsuffix /*.o,$(B) $(B)/* $(B)/*/*)))

.PHONY: all
.SECONDARY:
