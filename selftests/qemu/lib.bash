# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Common to the scripts of this folder: locations, messages, locks. Sourced, never run.

QEMU_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# The scripts that source this file use these.
# shellcheck disable=SC2034
REPO_DIR=$(cd -- "$QEMU_DIR/../.." && pwd)
CACHE=${PMEM_HEAPS_CACHE:-$REPO_DIR/.cache}

# Exit statuses of the runner; README.rst has the table.
# shellcheck disable=SC2034
readonly EXIT_SETUP=121 EXIT_USAGE=122 EXIT_HOST=123 EXIT_HANG=124 EXIT_KERNEL=125 EXIT_DIED=126

note() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die MESSAGE: something failed on the host.
die() {
	note "$*"
	exit "$EXIT_HOST"
}

# die_usage MESSAGE: the options are invalid.
die_usage() {
	note "$*"
	exit "$EXIT_USAGE"
}

# prepare_cache: create $CACHE and make the path absolute.
prepare_cache() {
	mkdir -p -- "$CACHE" || die "cannot create the cache folder $CACHE"
	CACHE=$(cd -- "$CACHE" && pwd)
	export PMEM_HEAPS_CACHE=$CACHE
}

# need_tools GROUP...: check for the host's tools, once per run, including nested calls.
need_tools() {
	if [[ ${PMEM_HEAPS_TOOLS_CHECKED:-} == *" $* "* ]]; then
		return
	fi
	"$QEMU_DIR/hostdeps" "$@" || die "host tools are missing"
	export PMEM_HEAPS_TOOLS_CHECKED="${PMEM_HEAPS_TOOLS_CHECKED:-} $* "
}

# lock FILE: lock FILE until the calling shell ends or calls unlock. Prints a message if it has to
# wait.
lock() {
	mkdir -p -- "$(dirname -- "$1")"
	exec {LOCK_FD}>"$1"
	if ! flock --timeout 5 "$LOCK_FD"; then
		note "waiting for $1"
		flock "$LOCK_FD"
	fi
}

unlock() {
	exec {LOCK_FD}>&-
}

# own_jobs: kill jobs that are started later, with their children, when the calling shell ends.
own_jobs() {
	# Give each job its own process group.
	set -m
	trap end_jobs EXIT
}

end_jobs() {
	local job

	for job in $(jobs -p); do
		kill -- "-$job" 2>/dev/null || true
	done
}

# age FILE: print the seconds since FILE was changed, or a very large number if there is none.
age() {
	local changed

	changed=$(stat --format=%Y -- "$1" 2>/dev/null) || changed=0
	echo $((EPOCHSECONDS - changed))
}

# prune FOLDER MINUTES PATTERN: remove matching files that were not changed for that long. Ignores
# files that disappear meanwhile.
prune() {
	local changed path

	# shellcheck disable=SC2086 # the pattern is one
	stat --format='%Y %n' -- "$1"/$3 2>/dev/null | while read -r changed path; do
		((EPOCHSECONDS - changed <= $2 * 60)) || rm -rf -- "$path"
	done || true
}

# digest: print a short hash of stdin, for names of cached files.
digest() {
	sha256sum | cut --characters=1-20
}
