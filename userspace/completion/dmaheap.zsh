#compdef dmaheap
# SPDX-License-Identifier: MIT
#
# Completion of dmaheap(1) for zsh.

# _dmaheap_names FOLDER DESCRIPTION: complete names in a folder.
_dmaheap_names() {
	local -a names

	names=($1/*(N:t))
	_wanted names expl $2 compadd -a names
}

_dmaheap() {
	local context state state_descr line
	local -A opt_args
	local -a commands json direct
	local heap=':heap: _dmaheap_names /dev/dma_heap heap'

	commands=(
		'list:list regions of memory and the heaps on them'
		'info:show everything about one heap'
		"map:draw a heap's memory"
		'buffers:list dma-bufs and the processes that hold them'
		'alloc:allocate a buffer, fill it, show it, hold it'
		'load:load a file into a buffer of its size'
		'store:write a buffer to a file'
		'watch:show heaps as they change'
		'trim:return free memory to the kernel'
		'sync:begin and end a CPU access to a buffer'
		'pmem:show legacy PMEM nodes and their files'
		'bench:measure the cost of a buffer'
		'doctor:check heaps and say what to do'
	)
	json=('(-j --json)'{-j,--json}'[print JSON]')
	direct=('(-D --direct)'{-D,--direct}'[go around the page cache]')

	_arguments -C '(- :)'{-h,--help}'[show help]' '(- :)'{-V,--version}'[show versions]' \
		':command:->command' '*:: :->argument' && return
	if [[ $state == command ]]; then
		_describe -t commands command commands
		return
	fi
	set -- '(- :)'{-h,--help}'[show help for the command]'
	case $words[1] in
	list) _arguments $@ $json ;;
	info) _arguments $@ $json $heap ;;
	map)
		_arguments $@ $json '(-s --svg)'{-s+,--svg=}'[write an SVG picture]:file:_files' \
			'(-c --colour)'{-c+,--colour=}'[use colours]:when:(always never auto)' $heap
		;;
	buffers) _arguments $@ $json $heap ;;
	alloc)
		_arguments $@ $direct \
			'(-a --align)'{-a+,--align=}'[align the physical address]:bytes' \
			'(-c --cached)'{-c,--cached}'[use the cached heap of the pair]' \
			'(-u --uncached)'{-u,--uncached}'[use the write-combined heap of the pair]' \
			'*'{-O+,--or=}'[another heap to try]'$heap \
			'(-n --name)'{-n+,--name=}'[name that tools show]:name' \
			'(-f --fill)'{-f+,--fill=}'[fill with a byte]:byte' \
			'(-i --input)'{-i+,--input=}'[fill from a file]:file:_files' \
			'(-p --pmem)'{-p+,--pmem=}'[share it with a PMEM node]:node: _dmaheap_names /sys/kernel/pmem_regions node' \
			'(-w --hold)'{-w,--hold}'[wait for a line of standard input]' \
			'(-d --dump)'{-d-,--dump=-}'[show the first bytes]::bytes' \
			'(-o --output)'{-o+,--output=}'[write the buffer to a file]:file:_files' \
			$heap ':size' ':program:_command_names -e' '*::arguments: _normal'
		;;
	load)
		_arguments $@ $direct $heap ':file:_files' ':program:_command_names -e' \
			'*::arguments: _normal'
		;;
	store) _arguments $@ $direct ':file descriptor' ':file:_files' ;;
	watch)
		_arguments $@ $json '(-n --count)'{-n+,--count=}'[refresh so many times]:times' \
			'(-i --interval)'{-i+,--interval=}'[time between refreshes]:milliseconds' \
			'*'$heap
		;;
	trim) _arguments $@ $heap ':size' ;;
	sync)
		_arguments $@ '(-b --begin)'{-b,--begin}'[begin only]' \
			'(-e --end)'{-e,--end}'[end only]' \
			'(-r --read)'{-r,--read}'[the CPU reads]' \
			'(-w --write)'{-w,--write}'[the CPU writes]' \
			'(-o --offset)'{-o+,--offset=}'[start of the part]:bytes' \
			'(-l --length)'{-l+,--length=}'[length of the part]:bytes' \
			'*:file descriptor'
		;;
	pmem) _arguments $@ $json ':node: _dmaheap_names /sys/kernel/pmem_regions node' ;;
	bench)
		_arguments $@ $json '(-f --from)'{-f+,--from=}'[smallest size]:size' \
			'(-t --to)'{-t+,--to=}'[largest size]:size' \
			'(-r --rounds)'{-r+,--rounds=}'[rounds for each size]:rounds' $heap
		;;
	doctor) _arguments $@ $json $heap ;;
	esac
}

_dmaheap "$@"
