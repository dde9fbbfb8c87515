# SPDX-License-Identifier: MIT
#
# Completion of dmaheap(1) for fish.

# Is the command line's command one of these?
function __dmaheap_is
    set -l words (commandline -opc)
    test (count $words) -ge 2; and contains -- $words[2] $argv
end

function __dmaheap_names
    for path in $argv[1]/*
        basename $path
    end
end

complete -c dmaheap -f
complete -c dmaheap -n __fish_is_first_arg -l help -s h -d 'Show help'
complete -c dmaheap -n __fish_is_first_arg -l version -s V -d 'Show versions'
complete -c dmaheap -n __fish_is_first_arg -a list -d 'List regions of memory and the heaps on them'
complete -c dmaheap -n __fish_is_first_arg -a info -d 'Show everything about one heap'
complete -c dmaheap -n __fish_is_first_arg -a map -d "Draw a heap's memory"
complete -c dmaheap -n __fish_is_first_arg -a buffers -d 'List dma-bufs and who holds them'
complete -c dmaheap -n __fish_is_first_arg -a alloc -d 'Allocate a buffer, fill it, show it, hold it'
complete -c dmaheap -n __fish_is_first_arg -a load -d 'Load a file into a buffer of its size'
complete -c dmaheap -n __fish_is_first_arg -a store -d 'Write a buffer to a file'
complete -c dmaheap -n __fish_is_first_arg -a watch -d 'Show heaps as they change'
complete -c dmaheap -n __fish_is_first_arg -a trim -d 'Give free memory back to the kernel'
complete -c dmaheap -n __fish_is_first_arg -a sync -d 'Begin and end a CPU access to a buffer'
complete -c dmaheap -n __fish_is_first_arg -a pmem -d 'Show legacy PMEM nodes and their files'
complete -c dmaheap -n __fish_is_first_arg -a bench -d 'Measure what a buffer costs'
complete -c dmaheap -n __fish_is_first_arg -a doctor -d 'Check heaps and say what to do'

complete -c dmaheap -n '__dmaheap_is info map buffers alloc load watch trim bench doctor' \
    -a '(__dmaheap_names /dev/dma_heap)' -d Heap
complete -c dmaheap -n '__dmaheap_is pmem' -a '(__dmaheap_names /sys/kernel/pmem_regions)' -d 'PMEM node'
complete -c dmaheap -n '__dmaheap_is alloc load store' -F

complete -c dmaheap -n 'not __fish_is_first_arg' -s h -l help -d 'Show help for the command'
complete -c dmaheap -n '__dmaheap_is list info map buffers watch pmem bench doctor' -s j -l json -d 'Print JSON'
complete -c dmaheap -n '__dmaheap_is map' -s s -l svg -rF -d 'Write an SVG picture'
complete -c dmaheap -n '__dmaheap_is map' -s c -l colour -x -a 'always never auto' -d 'Use colours'
complete -c dmaheap -n '__dmaheap_is alloc' -s a -l align -x -d 'Align the physical address'
complete -c dmaheap -n '__dmaheap_is alloc' -s c -l cached -d 'Use the cached heap of the pair'
complete -c dmaheap -n '__dmaheap_is alloc' -s u -l uncached -d 'Use the write-combined heap of the pair'
complete -c dmaheap -n '__dmaheap_is alloc' -s O -l or -x -a '(__dmaheap_names /dev/dma_heap)' -d 'Another heap to try'
complete -c dmaheap -n '__dmaheap_is alloc' -s n -l name -x -d 'Name that tools show'
complete -c dmaheap -n '__dmaheap_is alloc' -s f -l fill -x -d 'Fill with a byte'
complete -c dmaheap -n '__dmaheap_is alloc' -s i -l input -rF -d 'Fill from a file'
complete -c dmaheap -n '__dmaheap_is alloc' -s p -l pmem -x -a '(__dmaheap_names /sys/kernel/pmem_regions)' -d 'Share it with a PMEM node'
complete -c dmaheap -n '__dmaheap_is alloc' -s w -l hold -d 'Wait for a line of standard input'
complete -c dmaheap -n '__dmaheap_is alloc' -s d -l dump -d 'Show the first bytes'
complete -c dmaheap -n '__dmaheap_is alloc' -s o -l output -rF -d 'Write the buffer to a file'
complete -c dmaheap -n '__dmaheap_is alloc load store' -s D -l direct -d 'Go around the page cache'
complete -c dmaheap -n '__dmaheap_is watch' -s n -l count -x -d 'Refresh so many times'
complete -c dmaheap -n '__dmaheap_is watch' -s i -l interval -x -d 'Milliseconds between refreshes'
complete -c dmaheap -n '__dmaheap_is sync' -s b -l begin -d 'Begin only'
complete -c dmaheap -n '__dmaheap_is sync' -s e -l end -d 'End only'
complete -c dmaheap -n '__dmaheap_is sync' -s r -l read -d 'The CPU reads'
complete -c dmaheap -n '__dmaheap_is sync' -s w -l write -d 'The CPU writes'
complete -c dmaheap -n '__dmaheap_is sync' -s o -l offset -x -d 'Start of the part'
complete -c dmaheap -n '__dmaheap_is sync' -s l -l length -x -d 'Length of the part'
complete -c dmaheap -n '__dmaheap_is bench' -s f -l from -x -d 'Smallest size'
complete -c dmaheap -n '__dmaheap_is bench' -s t -l to -x -d 'Largest size'
complete -c dmaheap -n '__dmaheap_is bench' -s r -l rounds -x -d 'Rounds for each size'
