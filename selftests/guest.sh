# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Running test programs in a guest, one after the other, and looking whether they left something
# behind. Sourced from the share by the script that runs a folder's programs there.

# all_back: nothing is left in any heap of ours; otherwise say where. The second class is that of
# kernels with heaps of their own. Of system memory others have a part, too.
all_back() {
	for heap in /sys/class/dma_heap/*/ /sys/class/contig_heap/*/; do
		[ -e "$heap/size" ] || continue
		read -r size <"$heap/size"
		read -r free <"$heap/free"
		read -r buffers <"$heap/buffers"
		case $heap in
		*/system*) free=$size ;;
		esac
		[ "$free $buffers" = "$size 0" ] && continue
		echo "# $heap has $free of $size bytes free, $buffers buffers"
		return 1
	done
}

# wait_until_back COMMAND...: until that finds nothing left. Releases may still be under way when a
# process is gone, so it is asked again for half a minute; what it says last is said.
wait_until_back() {
	tries=300
	until left=$("$@" 2>&1); do
		tries=$((tries - 1))
		if [ $tries -eq 0 ]; then
			echo "$left"
			return 1
		fi
		sleep 0.1
	done
}

# ktap NUMBER NAME COMMAND...: a KTAP line from a command's status.
ktap() {
	number=$1
	name=$2
	shift 2
	if "$@"; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
	fi
}

# run_program PROGRAM[:ARGUMENT,...] COMMAND...: say "# suite PROGRAM", run PROGRAM, and behind what
# it says put a KTAP document of our own: it ended by itself, and COMMAND finds nothing left.
run_program() {
	program=$1
	shift
	arguments=
	case $program in
	*:*) arguments=$(echo "${program#*:}" | tr ',' ' ') ;;
	esac
	echo "# suite $program"
	echo "# began $(cut -d . -f 1 /proc/uptime) s after boot"
	# shellcheck disable=SC2086 # one word an argument
	"/mnt/share/${program%%:*}" $arguments 2>&1
	status=$?
	echo 'KTAP version 1'
	echo '1..2'
	ktap 1 "$program came to its end" [ $status -lt 5 ]
	ktap 2 "all memory is back after $program" wait_until_back "$@"
}
