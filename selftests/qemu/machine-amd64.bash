# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# The amd64 guest: QEMU's PC, which has no device tree. Sourced by vm.

MACHINE_QEMU=qemu-system-x86_64
MACHINE_PACKAGES=bookworm
# x86 kernels change their own code while other processors run it, with a breakpoint in its place
# meanwhile. QEMU 7.2 may keep the breakpoint if one thread translates what another writes, and about
# one boot in forty dies of it. One thread runs all processors, by turns.
MACHINE_ARGS=(-M q35 -vga none -accel 'tcg,thread=single')
MACHINE_SERIAL_BUS=virtio-serial-pci
MACHINE_CONSOLE=ttyS0
# The kernel looks whether the timer interrupts within some cycles of the processor. Those are the
# host's, which may be doing something else meanwhile.
MACHINE_APPEND=no_timer_check
MACHINE_MODULES=(virtio_pci)
MACHINE_OVERLAY=
MACHINE_OVERLAY_MIB=0
