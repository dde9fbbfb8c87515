# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# The 32-bit arm guest: the same board as for arm64, emulated by another program. Sourced by vm.

# shellcheck source-path=SCRIPTDIR source=machine-arm64.bash
. "$QEMU_DIR/machine-arm64.bash"
MACHINE_QEMU=qemu-system-arm
MACHINE_PACKAGES=bookworm-armhf
