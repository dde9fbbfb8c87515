#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A bounded, reproducible run of the pool's fuzz target with one KTAP result.
#
# Arguments: RUNS OUT CORPUS BUILD-COMMAND...
#
# The environment variable CLANG names the compiler to check.
set -euo pipefail

runs=$1
out=$2
corpus=$3
shift 3

result()
{
	printf '%s 1 pool: %d fuzzed inputs%s\n' "$1" "$runs" "${2-}"
}

# Does the compiler exist, and can it link a fuzz target?
has_libfuzzer()
{
	printf 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n)\n%s' \
		'{ (void)d; (void)n; return 0; }' |
		"${CLANG:-clang}" -fsanitize=fuzzer -x c -o "$out/probe" - \
			2> "$out/probe.log"
}

# Make the run deterministic: by default, the corpus is read again every second (-reload), and
# compared values, including addresses, are used in new inputs (-use_cmp).
run()
{
	rm -rf "$out/new"
	mkdir "$out/new"
	"$out/pool_fuzz" -runs="$runs" -seed=1 -reload=0 -use_cmp=0 \
		-max_len=512 -print_final_stats=1 -artifact_prefix="$out/" \
		"$out/new" "$corpus" > "$out/log" 2>&1
}

printf 'KTAP version 1\n1..1\n'
mkdir -p "$out"
if ! has_libfuzzer; then
	result ok " # SKIP ${CLANG:-clang} is missing or has no libFuzzer runtime"
	exit 0
fi
"$@"
if run; then
	grep -E '^stat::number_of|DONE' "$out/log" | sed 's/^/# /'
	result ok
else
	tail -n 60 "$out/log" | sed 's/^/# /'
	result 'not ok'
	exit 1
fi
