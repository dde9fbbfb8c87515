# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# Common to the tests of packages in their machines: results in KTAP, reboots, shutdown. Sourced by
# the script that runs in a guest booted with vm's --root.
#
# The output goes to QEMU's port "out" immediately; a copy is kept, because the verdict contains its
# length.

readonly SHARE=/mnt/share STATE=/var/lib/steps
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

say() {
	printf '%s\n' "$@" | tee -a "$STATE/out" >&3
}

# result NAME COMMAND...: report whether COMMAND succeeds, with its output if it fails.
result() {
	local name=$1 output count

	shift
	# Show progress on the console.
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

# finish: send the verdict, and power off when the host has read everything.
finish() {
	say "1..$(<"$STATE/count")"
	exec 4<>/dev/virtio-ports/verdict
	echo "exit 0 $(stat --format=%s "$STATE/out") 0 $(</proc/sys/kernel/tainted)" >&4
	read -r _ <&4
	systemctl poweroff --force --force
}

# go_on AT: continue with step AT after a reboot.
go_on() {
	echo "$1" >"$STATE/next"
	sync
	systemctl reboot
	sleep infinity
}

# is VALUE COMMAND...: does COMMAND print VALUE?
is() {
	local said

	said=$("${@:2}")
	[[ $said == "$1" ]] || { echo "it is '$said', not '$1'"; return 1; }
}

# refused COMMAND...: does it fail because of missing permission?
refused() {
	local said

	! said=$("$@" 2>&1) || { echo "$said"; return 1; }
	grep -qi permission <<<"$said" || { echo "$said"; return 1; }
}

keep_state() {
	mkdir -p "$STATE"
	[[ -e $STATE/count ]] || echo 0 >"$STATE/count"
}

# begin STEP: continue where the last boot ended, or begin with STEP.
begin() {
	local -a next

	keep_state
	udevadm settle --timeout=3600
	exec 3>/dev/virtio-ports/out
	read -ra next <"$STATE/next" || next=("$1")
	# A crashed machine continues here.
	echo crashed >"$STATE/next"
	"step_${next[0]}" "${next[@]:1}"
}

step_crashed() {
	result 'no boot but those that were asked for' false
	finish
}
