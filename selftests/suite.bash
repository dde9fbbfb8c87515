# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Building a folder of test programs that has a Makefile as faults/ has. Sourced by the "build"
# of such a folder.
# shellcheck source-path=SCRIPTDIR source=qemu/lib.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/qemu/lib.bash"

# cross_prefix ARCH: of the compiler for Debian's architecture of that name.
cross_prefix() {
	case $1 in
	arm64) echo aarch64-linux-gnu- ;;
	armhf) echo arm-linux-gnueabihf- ;;
	armel) echo arm-linux-gnueabi- ;;
	*) die_usage "no such architecture: $1" ;;
	esac
}

# build_suite NAME ARCH...: build the programs of selftests/NAME into $CACHE/NAME/ARCH/, put what
# runs them in a guest beside them, and print $CACHE/NAME, which is a folder for vm's --share.
build_suite() {
	local name=$1 arch kernel

	shift
	need_tools base
	prepare_cache
	kernel=$("$REPO_DIR/selftests/upstream/source")
	lock "$CACHE/build/$name/lock"
	for arch; do
		make --silent -j2 -C "$REPO_DIR/selftests/$name" \
			CROSS_COMPILE="$(cross_prefix "$arch")" \
			KSELFTEST="$kernel/tools/testing/selftests" \
			B="$CACHE/build/$name/$arch" O="$CACHE/$name/$arch" all >&2
	done
	cp "$REPO_DIR/selftests/pmem/guest" "$CACHE/$name/guest"
	echo "$CACHE/$name"
}
