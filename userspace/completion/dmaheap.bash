# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion of dmaheap(1).

# _dmaheap_words LIST: complete the current word from a list of words.
_dmaheap_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# _dmaheap_names FOLDER: complete names in a folder, without compgen -W: they may have commas.
_dmaheap_names() {
	local path

	COMPREPLY=()
	for path in "$1"/*; do
		[[ -e $path && ${path##*/} == "$cur"* ]] && COMPREPLY+=("${path##*/}")
	done
}

_dmaheap() {
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]}
	local -A options=(
		[list]='--json --help'
		[info]='--json --help'
		[map]='--svg --colour --json --help'
		[buffers]='--json --help'
		[alloc]='--align --cached --uncached --or --name --fill --input --output --dump --direct
			--pmem --hold --help'
		[load]='--direct --help'
		[store]='--direct --help'
		[watch]='--count --interval --json --help'
		[trim]='--help'
		[sync]='--begin --end --read --write --offset --length --help'
		[pmem]='--json --help'
		[bench]='--from --to --rounds --json --help'
		[doctor]='--json --help'
	)

	if ((COMP_CWORD == 1)); then
		_dmaheap_words "${!options[*]} --help --version"
		return
	fi
	case $previous in
	--svg | --input | --output | -s | -i | -o)
		if [[ $command == map || $command == alloc ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		;;
	--colour) _dmaheap_words 'always never auto'; return ;;
	--or | -O) _dmaheap_names /dev/dma_heap; return ;;
	--pmem | -p) _dmaheap_names /sys/kernel/pmem_regions; return ;;
	esac
	case $cur in
	-*) _dmaheap_words "${options[$command]:-}" ;;
	*)
		case $command in
		info | map | buffers | alloc | load | watch | trim | bench | doctor)
			_dmaheap_names /dev/dma_heap
			;;
		pmem) _dmaheap_names /sys/kernel/pmem_regions ;;
		esac
		;;
	esac
}

complete -F _dmaheap dmaheap
