# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Run test programs in a guest, one after the other, and check that they free all memory. Sourced
# from the share by the script that runs a folder's programs there.

# all_back: do all our heaps have all of their memory? If not, print which does not. The second
# class is for kernels with their own dma-heap core. Ignores system memory, which is shared with
# others.
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

# wait_until_back COMMAND...: repeat COMMAND for half a minute until it succeeds, because releases
# may continue after a process has ended. Print its last output.
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

# ktap NUMBER NAME COMMAND...: print a KTAP line for the status of a command.
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

# run_program PROGRAM[:ARGUMENT,...] COMMAND...: print "# suite PROGRAM" and run PROGRAM. Then print
# a KTAP document of our own: it was not killed, and COMMAND succeeds.
run_program() {
	program=$1
	shift
	arguments=
	case $program in
	*:*) arguments=$(echo "${program#*:}" | tr ',' ' ') ;;
	esac
	echo "# suite $program"
	echo "# began $(cut -d . -f 1 /proc/uptime) s after boot"
	# shellcheck disable=SC2086 # one word per argument
	"/mnt/share/${program%%:*}" $arguments 2>&1
	status=$?
	echo 'KTAP version 1'
	echo '1..2'
	ktap 1 "$program came to its end" [ $status -lt 5 ]
	ktap 2 "all memory is back after $program" wait_until_back "$@"
}
