# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Simulates a user with sudo who has the sources and types the commands of the documents. Sourced
# after steps.bash; KREL is the kernel of the modules.

# stranger COMMANDS: run them as a user who has just logged in and changed to the sources.
stranger() {
	su --login stranger --command="cd pmem-heaps && $1"
}

# typed PATTERN: run the only block of commands that matches.
typed() {
	local -a found

	mapfile -t found < <(grep -lzP -- "$1" "$SHARE"/commands/*.sh)
	((${#found[@]} == 1)) || { echo "blocks with '$1': ${#found[@]}"; return 1; }
	stranger "exec bash -e -o pipefail -x ${found[0]}"
}

prepare() {
	useradd --create-home --shell /bin/bash stranger
	echo 'stranger ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stranger
	# Answer yes to all questions of apt.
	echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/90yes
	su --login stranger --command="tar -xf $SHARE/pmem-heaps-*.tar.xz && mv pmem-heaps-*/ pmem-heaps"
}

# installed_are VERSION: check the modules, of which modprobe finds no others, and the tool.
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
