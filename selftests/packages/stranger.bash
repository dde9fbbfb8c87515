# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What somebody does who may use sudo, has the sources and types what the documents say. Sourced, behind
# steps.bash; KREL is the kernel that the modules are for.

# stranger COMMANDS: by somebody who has just logged in and gone to the sources.
stranger() {
	su --login stranger --command="cd pmem-heaps && $1"
}

# typed PATTERN: so is the block of commands that matches, of which there has to be one.
typed() {
	local -a found

	mapfile -t found < <(grep -lzP -- "$1" "$SHARE"/commands/*.sh)
	((${#found[@]} == 1)) || { echo "blocks with '$1': ${#found[@]}"; return 1; }
	stranger "exec bash -e -o pipefail -x ${found[0]}"
}

prepare() {
	useradd --create-home --shell /bin/bash stranger
	echo 'stranger ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stranger
	# "Yes", to all that apt asks.
	echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/90yes
	su --login stranger --command="tar -xf $SHARE/pmem-heaps-*.tar.xz && mv pmem-heaps-*/ pmem-heaps"
}

# installed_are VERSION: modules, of which modprobe finds no others, and the tool.
installed_are() {
	local module

	for module in contig_heaps pmem_compat; do
		is "$1" modinfo -k "$KREL" -F version "$module" || return 1
		is 1 eval "find /lib/modules -name '$module.ko*' | wc -l" || return 1
	done
	stranger 'dmaheap --version' | grep -F "$1"
}

has_heap() {
	stranger 'dmaheap list' | grep "^$1 "
}
