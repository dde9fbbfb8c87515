# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Build a folder of test programs whose Makefile uses programs.mk. Sourced by the "build" of such a
# folder.
# shellcheck source-path=SCRIPTDIR source=qemu/lib.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/qemu/lib.bash"

readonly SELFTESTS=$REPO_DIR/selftests
# Debian's headers for the host's architecture lack those of DRM, which are the same for all.
readonly DRM_HEADERS='-idirafter /usr/aarch64-linux-gnu/include'

# cross_prefix ARCH: print the prefix of the compiler for Debian's ARCH.
cross_prefix() {
	case $1 in
	amd64) echo x86_64-linux-gnu- ;;
	arm64) echo aarch64-linux-gnu- ;;
	armhf) echo arm-linux-gnueabihf- ;;
	armel) echo arm-linux-gnueabi- ;;
	*) die_usage "no such architecture: $1" ;;
	esac
}

# compile FOLDER NAME ARCH...: build the programs of selftests/FOLDER into $CACHE/NAME/ARCH/. Sets
# SOURCE, the kernel source that has the harness. Holds the lock until the script ends.
compile() {
	local folder=$1 name=$2 arch prefix

	shift 2
	need_tools base
	prepare_cache
	SOURCE=$("$SELFTESTS/upstream/source")
	lock "$CACHE/build/$name/lock"
	for arch; do
		prefix=$(cross_prefix "$arch") || exit
		make --silent -j2 -C "$SELFTESTS/$folder" CROSS_COMPILE="$prefix" \
			KSELFTEST="$SOURCE/tools/testing/selftests" DRM_HEADERS="$DRM_HEADERS" \
			B="$CACHE/build/$name/$arch" O="$CACHE/$name/$arch" all >&2 ||
			die "the programs of $folder do not build"
	done
}

# add_guest FOLDER SHARE: copy what runs FOLDER's programs in a guest to SHARE.
add_guest() {
	cp "$SELFTESTS/$1/guest" "$SELFTESTS/guest.sh" "$2/"
}

# build_suite NAME GUEST ARCH...: build the programs of selftests/NAME, add what runs those of
# GUEST, and print the folder, for vm's --share.
build_suite() {
	compile "$1" "$1" "${@:3}"
	add_guest "$2" "$CACHE/$1"
	echo "$CACHE/$1"
}

# fetch_qemu: install the QEMU for selftests/coherency/trixie.
fetch_qemu() {
	local folder=$CACHE/coherency/qemu package=qemu-system-arm

	lock "$folder.lock"
	if [[ $(cat "$folder/complete" 2>/dev/null) != "$package" ]]; then
		rm -rf -- "$folder"
		"$QEMU_DIR/packages" trixie install-root "$folder" amd64 "$package" >&2 ||
			die "the QEMU of trixie cannot be had"
		echo "$package" >"$folder/complete"
	fi
	unlock
}
