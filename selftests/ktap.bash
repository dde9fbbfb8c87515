# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Results in KTAP, for scripts that run on the host, which source this.
#
# COMMAND may be a function. It ignores errexit, so it must return explicitly.

# Number of results so far.
KTAP_COUNT=0

# result NAME COMMAND...: report whether COMMAND succeeds, with its output if it fails.
result() {
	local name=$1 output

	shift
	KTAP_COUNT=$((KTAP_COUNT + 1))
	if output=$("$@" 2>&1); then
		echo "ok $KTAP_COUNT $name"
	else
		[[ -z $output ]] || echo "# ${output//$'\n'/$'\n'# }"
		echo "not ok $KTAP_COUNT $name"
	fi
}

# notices NAME COMMAND...: COMMAND must fail, because its input has a planted error.
notices() {
	result "noticed: $1" fails "${@:2}"
}

fails() {
	! "$@"
}

# bites NAME TEXT COMMAND...: COMMAND must fail, likewise, and print TEXT.
bites() {
	result "$1 is noticed" fails_saying "${@:2}"
}

fails_saying() {
	local text=$1 said

	shift
	if said=$("$@" 2>&1); then
		echo "nothing is wrong, it says: $said"
		return 1
	fi
	grep -qF -- "$text" <<<"$said" || { echo "$said"; return 1; }
}
