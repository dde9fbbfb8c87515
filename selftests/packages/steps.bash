# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# What the tests of packages share on their machines: results in KTAP, reboots, the end. Sourced by what
# vm's --root boots.
#
# The output goes over the port "out" of QEMU's as it appears; what there was of it so far is kept,
# for the verdict has its length.

readonly SHARE=/mnt/share STATE=/var/lib/steps
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

say() {
	printf '%s\n' "$@" | tee -a "$STATE/out" >&3
}

# result NAME COMMAND...: COMMAND has to succeed; what it said is shown if it does not.
result() {
	local name=$1 output count

	shift
	# Who watches the console sees where it is.
	echo "steps: $name" >/dev/kmsg
	count=$(($(<"$STATE/count") + 1))
	echo "$count" >"$STATE/count"
	if output=$("$@" 2>&1 </dev/null); then
		say "ok $count $name"
	else
		[[ -z $output ]] || say "# ${output//$'\n'/$'\n'# }"
		say "not ok $count $name"
	fi
}

fails() {
	! "$@"
}

# finish: tell how it ended, and go when the host has read all.
finish() {
	say "1..$(<"$STATE/count")"
	exec 4<>/dev/virtio-ports/verdict
	echo "exit 0 $(stat --format=%s "$STATE/out") 0 $(</proc/sys/kernel/tainted)" >&4
	read -r _ <&4
	systemctl poweroff --force --force
}

# go_on AT: there, after a reboot.
go_on() {
	echo "$1" >"$STATE/next"
	sync
	systemctl reboot
	sleep infinity
}

# is VALUE COMMAND...: that is what COMMAND prints.
is() {
	local said

	said=$("${@:2}")
	[[ $said == "$1" ]] || { echo "it is '$said', not '$1'"; return 1; }
}

# refused COMMAND...: for want of permission.
refused() {
	local said

	! said=$("$@" 2>&1) || { echo "$said"; return 1; }
	grep -qi permission <<<"$said" || { echo "$said"; return 1; }
}

keep_state() {
	mkdir -p "$STATE"
	[[ -e $STATE/count ]] || echo 0 >"$STATE/count"
}

# begin STEP: go on where the last boot ended, or begin there.
begin() {
	local -a next

	keep_state
	udevadm settle --timeout=3600
	exec 3>/dev/virtio-ports/out
	read -ra next <"$STATE/next" || next=("$1")
	# A machine that crashes comes here again.
	echo crashed >"$STATE/next"
	"step_${next[0]}" "${next[@]:1}"
}

step_crashed() {
	result 'no boot but those that were asked for' false
	finish
}
