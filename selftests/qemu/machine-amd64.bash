# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# The amd64 guest: QEMU's PC, which has no device tree. Sourced by vm.

MACHINE_QEMU=qemu-system-x86_64
MACHINE_PACKAGES=bookworm
# x86 kernels patch code while other processors run it, and put a breakpoint there meanwhile. With
# several threads, QEMU 7.2 may keep the breakpoint in translated code, which crashes about one boot
# in forty. So a single thread runs all processors in turn.
MACHINE_ARGS=(-M q35 -vga none -accel 'tcg,thread=single')
MACHINE_SERIAL_BUS=virtio-serial-pci
MACHINE_CONSOLE=ttyS0
# The kernel checks that the timer interrupts within some processor cycles. These are cycles of the
# host, which may be busy meanwhile.
MACHINE_APPEND=no_timer_check
MACHINE_MODULES=(virtio_pci)
MACHINE_OVERLAY=
MACHINE_OVERLAY_MIB=0
