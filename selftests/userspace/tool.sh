#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# tool: tests of the dmaheap tool in the folder of this script, in the guest. KTAP.

HERE=${0%/*}
WORK=/tmp/tool
COUNT=0
FAILED=0

dmaheap() {
	"$HERE/dmaheap" "$@"
}

# said: print the output of the last command, to explain a failure.
said() {
	sed 's/^/# /' "$WORK/out" "$WORK/err"
}

# verdict NAME STATUS
verdict() {
	COUNT=$((COUNT + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $COUNT $1"
	else
		said
		echo "not ok $COUNT $1"
		FAILED=$((FAILED + 1))
	fi
}

# expect NAME STATUS COMMAND...: check that COMMAND exits with STATUS; its output is in $WORK.
expect() {
	name=$1
	wanted=$2
	shift 2
	"$@" >"$WORK/out" 2>"$WORK/err"
	status=$?
	[ "$status" -eq "$wanted" ]
	verdict "$name: status $wanted" $?
}

# has NAME PATTERN [FILE]: check that the output of the last command has such a line.
has() {
	grep -qE -- "$2" "${3:-$WORK/out}"
	verdict "$1" $?
}

# lacks NAME PATTERN: check that it has none.
lacks() {
	! grep -qE -- "$2" "$WORK/out"
	verdict "$1" $?
}

# as_user COMMAND...: run it without privileges.
as_user() {
	"$HERE/unprivileged" "$@"
}

# hold HEAP SIZE [OPTION]...: hold a buffer until "release"; PID is the holder.
hold() {
	heap=$1
	size=$2
	shift 2
	rm -f "$WORK/hold"
	mkfifo "$WORK/hold"
	"$HERE/dmaheap" alloc "$@" --hold "$heap" "$size" <"$WORK/hold" >"$WORK/held" &
	PID=$!
	exec 8>"$WORK/hold"
	until grep -q holding "$WORK/held"; do
		kill -0 "$PID" || break
		sleep 0.05
	done
	FD=$(sed -n 's/.*, fd \([0-9]*\) of.*/\1/p' "$WORK/held")
}

release() {
	echo >&8
	exec 8>&-
	wait "$PID"
}

test_general() {
	expect 'help' 0 dmaheap --help
	for command in list info map buffers alloc watch trim sync pmem bench doctor; do
		has "help names $command" "^  $command "
	done
	for command in list info map buffers alloc watch trim sync pmem bench doctor; do
		expect "help of $command" 0 dmaheap "$command" --help
		has "$command says how to call it" "^Usage: dmaheap $command"
		expect "$command with an option that is not there" 2 dmaheap "$command" --nonsense
		has "$command says one thing about it" "^dmaheap $command: .*--nonsense" "$WORK/err"
		[ "$(wc -l <"$WORK/err")" -eq 2 ]
		verdict "$command says where to look" $?
	done
	expect 'help for a command' 0 dmaheap help map
	has 'it is that of the command' '^Usage: dmaheap map'
	expect 'help for no command' 2 dmaheap help nonsense
	expect 'version' 0 dmaheap --version
	expect 'version in short' 0 dmaheap -V
	expect 'no command' 2 dmaheap
	expect 'unknown command' 2 dmaheap nonsense
	expect 'output that cannot be written' 1 sh -c "$HERE/dmaheap list >/dev/full"
}

test_list() {
	expect 'list' 0 dmaheap list
	has 'list has a carveout' '^adsp +carveout +48 MiB +48 MiB +48 MiB '
	has 'list has its names' '^  0600 [a-z0-9]+: adsp adsp-uncached$'
	has 'list has an area' '^default_cma_region +cma '
	has 'list has its aliases' '^  .* linux,cma .* reserved '
	[ "$(grep -cE '^(adsp|linux|cma)' "$WORK/out")" -eq 1 ]
	verdict 'list has memory once' $?
	lacks 'list fits a terminal' '^.{81}'
	has 'list has what is held' '^REGION .* HELD '
	expect 'list for programs' 0 dmaheap list --json
	has 'JSON has a region' '"region": "adsp", "kind": "carveout", "size": 50331648, "free": 50331648, "largest": 50331648, "held": 50331648,'
	has 'JSON has a heap' '"name": "adsp-uncached", .*"uncached": true, "buffers": 0'
	expect 'list as a user' 0 as_user "$HERE/dmaheap" list
	has 'a user sees figures' '^adsp +carveout +48 MiB'
	has 'a user is told' '0600 .*no access'
	expect 'list with an argument' 2 dmaheap list adsp
}

test_info() {
	expect 'info' 0 dmaheap info adsp
	has 'info tells the region' '^region +adsp$'
	has 'info tells the kind' '^kind +carveout, cached CPU mappings'
	has 'info tells the size' '^size +50331648 \(48 MiB\)'
	expect 'info of an uncached carveout' 0 dmaheap info audio-uncached
	has 'info tells of no-map' 'carveout outside the linear map, write-combined'
	expect 'info of CMA' 0 dmaheap info video
	has 'info tells of CMA' '^kind +CMA area, cached'
	expect 'info for programs' 0 dmaheap info --json adsp
	has 'JSON has the heap and its memory' '^\{"name": "adsp", .*"kind": "carveout", "size": 50331648,'
	has 'JSON has what it can' '"can_align": true, "can_sync_part": true, "no_map": false}$'
	expect 'info as a user' 0 as_user "$HERE/dmaheap" info adsp
	has 'a user is told why not' 'cannot be opened: permission denied'
	expect 'info of no heap' 3 dmaheap info no-such
	expect 'info of a path' 1 dmaheap info ../null
	expect 'info of nothing' 2 dmaheap info
}

test_alloc() {
	expect 'alloc' 0 dmaheap alloc adsp 1M
	expect 'alloc and show' 0 dmaheap alloc --fill=90 --dump=20 adsp 64K
	has 'dump shows the bytes' '^00000000  5a 5a .*  \|ZZZZZZZZZZZZZZZZ\|'
	has 'dump ends where it should' '^00000010  5a 5a 5a 5a  .*\|ZZZZ\|'
	expect 'alloc shows zeros' 0 dmaheap alloc --dump=16 adsp 64K
	has 'memory is zero' '^00000000  00 00 00'
	printf 'hello, heap' >"$WORK/in"
	expect 'through a file' 0 dmaheap alloc --input="$WORK/in" --output="$WORK/copy" adsp 8K
	[ "$(wc -c <"$WORK/copy")" -eq 8192 ]
	verdict 'all of the buffer is written' $?
	has 'the contents went through' 'hello, heap' "$WORK/copy"
	head -c 33000000 /dev/urandom >"$WORK/in"
	# shellcheck disable=SC2016 # expanded by the program
	expect 'load and store' 0 dmaheap load adsp "$WORK/in" \
		sh -c '"$0" store "$DMAHEAP_FD" "$1"' "$HERE/dmaheap" "$WORK/copy"
	head -c 33000000 "$WORK/copy" | cmp - "$WORK/in" >/dev/null
	verdict 'all of a file went through' $?
	expect 'as large as the input' 0 dmaheap alloc --input="$WORK/in" --output="$WORK/copy2" adsp -
	cmp "$WORK/copy" "$WORK/copy2" >/dev/null
	verdict 'both ways give the same' $?
	# shellcheck disable=SC2002 # a pipe is wanted
	cat "$WORK/in" | dmaheap alloc --input=- --output=- adsp 33000000 | cmp - "$WORK/copy" >/dev/null
	verdict 'through pipes' $?
	rm "$WORK/in" "$WORK/copy" "$WORK/copy2"
	expect 'load of no file' 3 dmaheap load adsp "$WORK/nothing"
	expect 'load of a folder' 1 dmaheap load adsp /tmp
	expect 'load of what has no size' 1 dmaheap load adsp /dev/zero
	expect 'load without a file' 2 dmaheap load adsp
	expect 'load into no heap' 3 dmaheap load no-such /proc/self/exe
	expect 'store of no descriptor' 1 dmaheap store 99 "$WORK/copy"
	expect 'store of no buffer' 1 dmaheap store 0 "$WORK/copy"
	expect 'store of no number' 2 dmaheap store x "$WORK/copy"
	expect 'alloc as large as nothing' 2 dmaheap alloc adsp -
	expect 'alloc from the twin' 0 dmaheap alloc --uncached adsp 1M
	expect 'alloc from no twin' 5 dmaheap alloc --cached audio-uncached 1M
	has 'no twin is explained' 'no cached heap: it is outside the linear map' "$WORK/err"
	expect 'alloc from one of several' 0 dmaheap alloc --or=no-such --or=linux,cma no-such-either 1M
	has 'alloc tells from which' '^from linux,cma$'
	expect 'alloc from none of several' 3 dmaheap alloc --or=nor-this no-such 4K
	expect 'alloc of both' 2 dmaheap alloc --cached --uncached adsp 1M
	expect 'alloc with an alignment' 0 dmaheap alloc --align=4M adsp 1M
	expect 'alloc with a bad alignment' 2 dmaheap alloc --align=3K adsp 1M
	expect 'alloc of too much' 1 dmaheap alloc adsp 1T
	has 'too much is an error' 'not enough contiguous memory' "$WORK/err"
	has 'too much is explained' 'adsp has 48 MiB: 48 MiB free' "$WORK/err"
	has 'and what to do' 'reserve more' "$WORK/err"
	hold adsp 40M
	expect 'alloc of more than is free' 1 dmaheap alloc adsp 20M
	has 'it tells who has the rest' '"dmaheap buffers adsp"' "$WORK/err"
	release
	expect 'alloc of a fraction' 0 dmaheap alloc --dump=16 adsp 1.5m
	expect 'alloc of a decimal number' 0 dmaheap alloc --output="$WORK/copy" adsp 010K
	[ "$(wc -c <"$WORK/copy")" -eq 12288 ]
	verdict 'a leading zero is not octal' $?
	rm "$WORK/copy"
	expect 'alloc of nothing' 2 dmaheap alloc adsp 0
	expect 'alloc of what is no size' 2 dmaheap alloc adsp 12Q
	expect 'alloc with a long name' 2 dmaheap alloc -n 01234567890123456789012345678901 adsp 4K
	expect 'alloc from no heap' 3 dmaheap alloc no-such 4K
	expect 'alloc as a user' 4 as_user "$HERE/dmaheap" alloc adsp 4K
	# shellcheck disable=SC2016 # expanded by the program
	expect 'a program has the buffer' 0 dmaheap alloc adsp 1M sh -c \
		'grep -q "exp_name:.*adsp" "/proc/self/fdinfo/$DMAHEAP_FD"'
	expect "a program's status" 7 dmaheap alloc adsp 4K -- sh -c 'exit 7'
	expect 'no such program' 127 dmaheap alloc adsp 4K "$WORK/nothing"
	expect 'alloc for PMEM' 0 dmaheap alloc --pmem=pmem_adsp adsp 1M
	expect 'alloc for what is no PMEM node' 5 dmaheap alloc --pmem=null adsp 1M
	expect 'alloc for no node' 3 dmaheap alloc --pmem=no-such adsp 1M
}

test_map() {
	hold adsp 3M --name=shown --align=1M
	expect 'map' 0 dmaheap map --colour=never adsp
	has 'map has totals' '^adsp: 48 MiB, 3 MiB used by 1 buffer, 45 MiB free, '
	has 'map draws the buffer' '^0x[0-9a-f]{8}  [.:]*aaa'
	lacks 'map uses no colours' "$(printf '\033')"
	has 'map explains the buffer' "a 3 MiB, adsp, shown, by $PID \(dmaheap\)"
	cells=$(grep -E '^0x[0-9a-f]+  [a.:#]+$' "$WORK/out" | cut -d ' ' -f 3 | tr -cd a | wc -c)
	[ "$cells" -eq 64 ]
	verdict 'the buffer has its share of cells' $?
	expect 'map of the twin' 0 dmaheap map adsp-uncached
	has 'the twin has the same memory' 'a 3 MiB, adsp, shown'
	expect 'map in colours' 0 dmaheap map --colour=always adsp
	has 'map uses colours' "$(printf '\033')\[48;5;33m"
	expect 'map as a picture' 0 dmaheap map --svg="$WORK/map.svg" adsp
	has 'the picture is SVG' '<svg xmlns=' "$WORK/map.svg"
	has 'the picture has the buffer' "<title>3 MiB at 0x[0-9a-f]+, adsp, shown, by $PID" \
		"$WORK/map.svg"
	has 'the picture names the buffer' '^<text .*>3 MiB at .*</text>$' "$WORK/map.svg"
	has 'the picture is whole' '^</svg>$' "$WORK/map.svg"
	expect 'map as a user' 0 as_user "$HERE/dmaheap" map adsp
	has 'a user sees how much' '^\[####\.+\]$'
	has 'a user is told why' 'only root can see the offsets'
	expect 'map for programs' 0 dmaheap map --json adsp
	has 'JSON has cells' '"cell": 49152, "cells": "[.:]*#{64}[.:]*"'
	has 'JSON has the buffer' '"size": 3145728, "heap": "adsp", "name": "shown", "offset": [0-9]+,'
	umount /sys/kernel/debug
	expect 'map without debugfs' 0 dmaheap map adsp
	has 'it says what is missing' 'debugfs is not mounted: mount -t debugfs debugfs /sys/kernel/debug'
	expect 'buffers without debugfs' 0 dmaheap buffers
	has 'it says so, too' 'debugfs is not mounted' "$WORK/err"
	mount -t debugfs debugfs /sys/kernel/debug
	release
	hold adsp 3M --name=first --align=1M
	first=$PID
	exec 7>&8 8>&-
	hold adsp 1M --name=second
	expect 'map of two' 0 dmaheap map adsp
	has 'map has the first' ', first, by'
	has 'map has the second' ', second, by'
	grep ', by ' "$WORK/out" | sort -c
	verdict 'the legend is in the order of offsets' $?
	grep ', by ' "$WORK/out" | head -n 1 | grep -q second
	verdict 'which is not that of allocation' $?
	release
	echo >&7
	exec 7>&-
	wait "$first"
	hold video 4M
	expect 'map of CMA' 0 dmaheap map video
	has 'map of CMA has the buffer' "a 4 MiB, video, -, by $PID"
	release
	expect 'map of an alias' 0 dmaheap map linux,cma
	expect 'map of no heap' 3 dmaheap map no-such
	expect 'map with no such colours' 2 dmaheap map --colour=blue adsp
	expect 'a picture that cannot be written' 3 dmaheap map --svg=/no/such adsp
}

test_buffers() {
	hold adsp 5M "--name=\"q$(printf '\033')"
	expect 'buffers' 0 dmaheap buffers
	has 'buffers has the size' '5 MiB adsp '
	has 'buffers has the holder' "allocated by $PID\(dmaheap\).*held by $PID\(dmaheap\) 1 fds 0 maps"
	lacks 'names cannot control the terminal' "$(printf '\033')"
	expect 'buffers of the heap' 0 dmaheap buffers adsp
	has 'buffers of the heap has it' '5 MiB adsp '
	expect 'buffers of another' 0 dmaheap buffers mdp
	has 'buffers of another has none' '^No buffers'
	expect 'buffers of the twin' 0 dmaheap buffers adsp-uncached
	has 'the twin has the same memory' '5 MiB adsp '
	expect 'buffers of no heap' 3 dmaheap buffers no-such
	expect 'buffers for programs' 0 dmaheap buffers --json
	has 'JSON has the buffer' '"size": 5242880, "heap": "adsp", "name": "\\"q'
	has 'JSON has the holder' "^ *\{\"pid\": $PID, \"comm\": \"dmaheap\", \"fds\": 1"
	expect 'buffers as a user' 0 as_user "$HERE/dmaheap" buffers
	has 'a user sees none of others' '^No buffers'
	has 'a user is told' 'cannot inspect [0-9]+ processes' "$WORK/err"
	release
	expect 'buffers when all are gone' 0 dmaheap buffers adsp
	has 'no buffer is left' '^No buffers'
}

test_watch() {
	hold adsp 12M
	expect 'watch' 0 dmaheap watch --count=1 adsp
	has 'watch draws use' '^adsp +\[######\.+\] +36 MiB'
	expect 'watch for programs' 0 dmaheap watch --json --count=2 --interval=1 adsp
	[ "$(grep -cE '^\[\{"region": "adsp", .*\}\]\}\]$' "$WORK/out")" -eq 2 ]
	verdict 'each refresh is a line' $?
	expect 'watch by an alias' 0 dmaheap watch --count=1 linux,cma cma-uncached
	[ "$(grep -c '^default_cma_region ' "$WORK/out")" -eq 1 ]
	verdict 'watch has memory once' $?
	has 'watch has other names' '^  cma linux,cma reserved'
	release
	expect 'watch twice' 0 dmaheap watch --count=2 --interval=1
	[ "$(grep -c '^mdp ' "$WORK/out")" -eq 2 ]
	verdict 'watch looks again' $?
	expect 'watch of no heap' 3 dmaheap watch --count=1 no-such
	expect 'watch of no interval' 2 dmaheap watch --interval=0
}

# held: print the number of bytes that the heap "video" holds.
held() {
	cat /sys/class/*/video/held
}

test_trim() {
	# Disable the timeout of held memory.
	echo 0 | tee /sys/class/*/video/keep >/dev/null
	hold video 4M
	release
	[ "$(held)" -ge 4194304 ]
	verdict 'CMA memory is held' $?
	expect 'info of it' 0 dmaheap info video
	has 'info tells what is held' '^held +[1-9][0-9]+ \('
	has 'info tells what the kernel has' '^with the kernel [1-9][0-9]+ \('
	expect 'trim as a user' 4 as_user "$HERE/dmaheap" trim video
	expect 'trim to a size' 0 dmaheap trim video 1M
	has 'trim tells how much went' ' MiB returned to the kernel, 1 MiB still held$'
	[ "$(held)" -eq 1048576 ]
	verdict 'so much is held' $?
	expect 'map of it' 0 dmaheap map --colour=never video
	has 'map has blanks' '^0x[0-9a-f]+  [.:]* +$'
	has 'map explains them' "blank: the kernel's"
	expect 'trim' 0 dmaheap trim video-uncached
	[ "$(held)" -eq 0 ]
	verdict 'nothing is held' $?
	expect 'trim of system memory' 0 dmaheap trim system
	expect 'trim of a carveout' 5 dmaheap trim adsp
	has 'a carveout is explained' 'kind "carveout", which cannot go back to the kernel' "$WORK/err"
	expect 'trim of no heap' 3 dmaheap trim no-such
	expect 'trim to no size' 2 dmaheap trim video 12Q
	echo 5000 | tee /sys/class/*/video/keep >/dev/null
}

test_sync() {
	hold adsp 1M
	expect 'sync' 0 dmaheap sync "$PID" "$FD"
	expect 'sync of a part' 0 dmaheap sync --offset=4K --length=64 "$PID" "$FD"
	expect 'sync of a part without a heap' 0 dmaheap sync --length=64 "$PID" "$FD"
	expect 'sync of too much' 1 dmaheap sync --length=2M "$PID" "$FD"
	expect 'sync behind the end' 1 dmaheap sync --offset=1M "$PID" "$FD"
	expect 'sync of no fd' 3 dmaheap sync "$PID" 99
	expect 'sync of what is no dma-buf' 1 dmaheap sync "$PID" 1
	has 'it says one thing' '^dmaheap: fd [0-9]+: not a dma-buf$' "$WORK/err"
	expect 'sync of what is not open' 1 dmaheap sync 99
	has 'it says what' '^dmaheap: fd 99: not an open file descriptor$' "$WORK/err"
	expect "sync of root's as a user" 4 as_user "$HERE/dmaheap" sync "$PID" "$FD"
	release
	expect 'sync of no number' 2 dmaheap sync one
}

test_pmem() {
	expect 'pmem' 0 dmaheap pmem
	has 'pmem lists a node' '^pmem_adsp +48 MiB +Bitmap'
	has 'pmem has a header' '^NODE +SIZE +ALLOCATOR$'
	hold adsp 1M --pmem=pmem_adsp
	expect 'pmem of a node' 0 dmaheap pmem pmem_adsp
	has 'pmem tells the size' '^size +50331648'
	has 'pmem tells what is free' '^free +4[67] MiB, largest'
	has 'pmem tells who has it open' "^open in +$PID\(dmaheap\), 1 times"
	has 'pmem tells of regions' '^files and the parts they show:'
	lacks 'a header is no file' 'pid #'
	expect 'pmem for programs' 0 dmaheap pmem --json pmem_adsp
	has 'JSON has the node' '^\{"node": "pmem_adsp", "size": 50331648, "allocator": "Bitmap", '
	has 'JSON has its user' "^ *\{\"pid\": $PID, \"comm\": \"dmaheap\", \"times\": 1\}"
	has 'JSON has what is free' '"quantum": 4096, "free": 49283072, "largest": [0-9]+, "users": '
	release
	expect 'pmem of no node' 3 dmaheap pmem no-such
	expect 'pmem as a user' 0 as_user "$HERE/dmaheap" pmem pmem_adsp
	has 'a user is told' '^free +Permission denied'
}

test_examples() {
	expect 'the PMEM client' 0 "$HERE/examples/client-pmem" /dev/pmem_adsp
	before=$(cat "$WORK/out")
	has 'its reader read' '^[0-9a-f]{8}$'
	expect 'the same client with the library' 0 "$HERE/examples/client-dmaheap" adsp
	has 'its reader read the same' "^$before\$"
	"$HERE/examples/share" give "$WORK/socket" no-such adsp >"$WORK/given" 2>&1 &
	giver=$!
	until [ -S "$WORK/socket" ]; do
		kill -0 "$giver" || break
		sleep 0.05
	done
	# The receiver needs access to the socket, but not to the heap.
	until chmod 777 "$WORK/socket" && as_user "$HERE/examples/share" take \
		"$WORK/socket" >"$WORK/out" 2>"$WORK/err"; do
		kill -0 "$giver" || break
		sleep 0.05
	done
	has 'the taker got the buffer' '^1048576 bytes: a picture, if this were a camera$'
	wait "$giver"
	verdict 'the giver came to its end' $?
	has 'the giver got the answer' '^thank you$' "$WORK/given"
}

test_bench() {
	expect 'bench' 0 dmaheap bench --rounds=3 --to=64K adsp
	has 'bench measures' '^ +64 KiB( +[0-9]+\.[0-9]){6}$'
	expect 'bench for programs' 0 dmaheap bench --rounds=1 --to=4K --json adsp
	has 'JSON has figures' '"size": 4096, "alloc_ns": [0-9]+,'
	expect 'bench with bad sizes' 2 dmaheap bench --from=2M --to=1M adsp
	expect 'bench of no heap' 3 dmaheap bench no-such
}

test_doctor() {
	expect 'doctor' 0 dmaheap doctor
	has 'doctor looks at modules' '^ok +contig_heaps is loaded'
	has 'doctor looks at heaps' '^ok +adsp can be used'
	has 'doctor finds nothing' '^0 problems'
	expect 'doctor as a user' 1 as_user "$HERE/dmaheap" doctor
	has 'doctor sees what a user lacks' '^PROBLEM +adsp, .*: you cannot open it \(mode 0600'
	has 'doctor knows the rule' 'SUBSYSTEM=="dma_heap", GROUP="video", MODE="0660"'
	chmod 666 /dev/dma_heap/adsp
	expect 'a user with a permission' 0 as_user "$HERE/dmaheap" alloc --fill=1 adsp 64K
	chgrp 44 /dev/dma_heap/adsp
	chmod 660 /dev/dma_heap/adsp
	expect 'doctor of a heap with a group' 1 as_user "$HERE/dmaheap" doctor adsp
	has 'doctor knows the group' 'usermod -aG (44|video) .USER'
	chgrp 0 /dev/dma_heap/adsp
	chmod 600 /dev/dma_heap/adsp
	expect 'doctor of no heap' 3 dmaheap doctor no-such
	has 'doctor knows how to get one' 'carveout=no-such:16M'
	hold adsp 48M
	expect 'doctor of a full heap' 1 dmaheap doctor adsp
	has 'doctor sees that it is full' 'adsp: no memory is free'
	release
}

mkdir -p "$WORK"
echo 'KTAP version 1'
for group in general list info alloc map buffers watch trim sync pmem bench doctor examples; do
	"test_$group"
done
echo "1..$COUNT"
[ "$FAILED" -eq 0 ]
