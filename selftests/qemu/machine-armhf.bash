# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# The 32-bit arm guest: QEMU's virt board, as for arm64. Sourced by vm.

MACHINE_QEMU=qemu-system-arm
MACHINE_PACKAGES=bookworm-armhf
MACHINE_ARGS=(-M virt)
MACHINE_SERIAL_BUS=virtio-serial-device
MACHINE_CONSOLE=ttyAMA0
MACHINE_MODULES=(virtio_mmio)
MACHINE_OVERLAY=$REPO_DIR/dts/qemu-virt.dtso
# The regions of that overlay end 992 MiB into memory.
MACHINE_OVERLAY_MIB=1024
