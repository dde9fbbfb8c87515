#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# camera: the example that displays pictures of a camera, with vivid and cirrus. KTAP.

HERE=${0%/*}
WORK=/tmp/camera
COUNT=0
FAILED=0

# verdict NAME STATUS
verdict() {
	COUNT=$((COUNT + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $COUNT $1"
	else
		sed 's/^/# /' "$WORK/out" "$WORK/err"
		echo "not ok $COUNT $1"
		FAILED=$((FAILED + 1))
	fi
}

# drivers: set the ports of the display's registers, as no firmware has done it.
drivers() {
	printf '\147' | dd of=/dev/port bs=1 seek=$((0x3c2)) conv=notrunc 2>/dev/null
	modprobe cirrus && modprobe vivid n_devs=2 allocators=0,1 node_types=0x101,0x101
}

# card: print the node of the display.
card() {
	for path in /sys/class/drm/card*; do
		case $(readlink "$path/device/driver") in
		*/cirrus*) echo "/dev/dri/${path##*/}" ;;
		esac
	done
}

# cameras: print the nodes that capture.
cameras() {
	grep -l 'vid-cap' /sys/class/video4linux/*/name | sed 's|.*/\(video[0-9]*\)/name|/dev/\1|'
}

# show HEAP VIDEO: capture and display; inspect the buffers meanwhile.
show() {
	rm -f "$WORK/hold"
	# Do not mistake output of the previous run for that of this one.
	: >"$WORK/out"
	mkfifo "$WORK/hold"
	"$HERE/examples/camera-display" --heap="$1" --video="$2" --card="$(card)" --frames=4 \
		<"$WORK/hold" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	exec 8>"$WORK/hold"
	until [ -s "$WORK/out" ]; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	grep -q "^4 frames of [0-9]*x[0-9]* from $2 through $1 to " "$WORK/out"
	verdict "$2 is shown through $1" $?
	"$HERE/dmaheap" buffers "$1" >"$WORK/buffers" 2>&1
	[ "$(grep -c " $1  *frame\$" "$WORK/buffers")" -eq 3 ]
	verdict 'three frames are held' $?
	echo >&8
	exec 8>&-
	wait "$pid"
	verdict 'it ends when told' $?
}

mkdir -p "$WORK"
: >"$WORK/out"
: >"$WORK/err"
echo 'KTAP version 1'
drivers
verdict 'camera and display are there' $?
[ "$(cameras | wc -l)" -eq 2 ]
verdict 'there are two cameras' $?
for camera in $(cameras); do
	show adsp "$camera"
	show video-uncached "$camera"
done
"$HERE/examples/camera-display" --card=/dev/null </dev/null >"$WORK/out" 2>"$WORK/err"
[ $? -eq 1 ]
verdict 'what is no display is told' $?
echo "1..$COUNT"
[ "$FAILED" -eq 0 ]
