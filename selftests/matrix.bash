# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What "check" runs. It defines guest before it sources this:
#
#	guest NAME 'LANES' BUILDER 'OPTIONS' PROGRAM...
#
# One boot on each of LANES, in which the script "guest" of the share runs the PROGRAMs one after
# the other. BUILDER is a script below selftests/ that prints the share. OPTIONS are those of vm.
# Suites are named after their programs, with the BUILDER's folder as a prefix, if it has one. On a
# lane, no two guests may run the same program.

# Without FULL=1, this takes 30 to 90 minutes on two processors: every program runs on some kernel,
# and on each kernel, the programs that depend on its interface. Kernels with a single difference,
# such as the page size or the kind of locks, need FULL=1.

STOCK='6.1 6.12 7.x'
# Tests of heaps and of legacy nodes: first those that depend on the kernel's memory management and
# drivers; the *_MORE are independent of the kernel.
HEAPS=(heap/abi heap/describe heap/mmap heap/huge heap/importer heap/transfer heap/files)
# Modules of the distribution for heap/transfer and heap/files.
FILES='--modules loop --modules ext4 --modules xfs --modules dm-mod'
OLD_FILES="$FILES --modules crc32c_generic"
HEAPS_MORE=(upstream/dmabuf-heap heap/extension heap/zero heap/introspect heap/stock heap/strangers
	heap/stress heap/capacity heap/security)
PMEM=(abi huge vma kernel_api unload)
PMEM_MORE=(mapping remap birth errors caches connect security phys sysfs config allocators fill budget
	clients gralloc marvell sharing stress cma_mem cma_test old_client)

# With FULL=1, the rest also runs on all kernels, and so does the slowest client, a 32-bit program.
MORE=6.12
if [[ -n ${FULL:-} ]]; then
	MORE=$STOCK
	PMEM_MORE+=(decoder)
fi

# full NAME LANES...: add a guest for FULL=1.
full() {
	[[ -z ${FULL:-} ]] || guest "$@"
}

# heap/system repeatedly allocates all memory, so small guests are faster.
guest arm64 6.1 programs "$OLD_FILES --mem 1G" "${HEAPS[@]/#/arm64/}" arm64/heap/system
guest arm64 7.x programs "$FILES --mem 1G" "${HEAPS[@]/#/arm64/}" arm64/heap/system
# On this lane, 32-bit programs test system memory; see below.
guest arm64 6.12 programs "$OLD_FILES" "${HEAPS[@]/#/arm64/}"
full arm64-system 6.12 programs '--mem 1G' arm64/heap/system
guest arm64-more "$MORE" programs '' "${HEAPS_MORE[@]/#/arm64/}"
# Kernels with 16 KiB pages do not run 32-bit programs.
full arm64 6.12-16k programs '' arm64/upstream/dmabuf-heap arm64/heap/abi arm64/heap/describe arm64/heap/extension \
	arm64/heap/mmap arm64/heap/huge arm64/heap/zero arm64/heap/importer arm64/heap/capacity \
	arm64/heap/system
# No huge pages, and sleeping locks.
full arm64 6.12-rt programs '' arm64/heap/abi arm64/heap/importer arm64/heap/stock
full arm64-more 6.12-rt programs '' arm64/heap/extension arm64/heap/mmap arm64/heap/strangers \
	arm64/heap/stress
# 32-bit programs on a 64-bit kernel.
guest armhf 6.12 programs '--modules loop --mem 1G' armhf/heap/abi armhf/heap/describe armhf/heap/mmap armhf/heap/transfer \
	armhf/heap/system
full armhf-more 6.12 programs '' armhf/heap/huge armhf/heap/importer \
	"${HEAPS_MORE[@]/#/armhf/}"
# A 32-bit kernel, without huge pages.
guest armhf armhf-6.1 programs "$OLD_FILES --mem 1G" armhf/heap/abi armhf/heap/describe armhf/heap/mmap \
	armhf/heap/importer armhf/heap/transfer armhf/heap/files armhf/heap/system
full armhf-more armhf-6.1 programs '' "${HEAPS_MORE[@]/#/armhf/}"
# The default CMA area in high memory, where the kernel puts it without the cma= of the lane.
guest highcma-armhf armhf-6.1 programs '--append cma=64M@0x90000000' armhf/heap/stock
full highcma-armhf-more armhf-6.1 programs '--append cma=64M@0x90000000' armhf/heap/zero
# amd64 has no device tree, and its kernels have their own dma-heap core.
# shellcheck disable=SC2016 # the dollar is for the kernel
AMD64='--append memmap=96M$0x40000000
	--append contig_heaps.carveout=adsp:48M@0x40000000,mdp:40M@0x43000000'
AMD64_LANES=amd64-6.12
[[ -z ${FULL:-} ]] || AMD64_LANES+=' amd64-7.x'
guest amd64 "$AMD64_LANES" programs "$AMD64" \
	amd64/upstream/dmabuf-heap amd64/heap/abi amd64/heap/describe amd64/heap/extension amd64/heap/mmap \
	amd64/heap/zero amd64/heap/importer amd64/heap/system
# The kernel prints the page that prevents a memory block from going offline.
# shellcheck disable=SC2016 # the dollar is for the kernel
guest door-amd64 amd64-6.12 programs "--no-load --append memmap=96M\$0x40000000
	--append movablecore=512M --allow page.dumped.because:.migration.failure" \
	amd64/heap/door
DOOR="--no-load --overlay $SELFTESTS/heap/door.dtso"
guest door "$STOCK" programs "$DOOR" arm64/heap/door arm64/heap/device_memory
guest door-initrd "$MORE" programs "$DOOR --append retain_initrd" arm64/heap/door
guest door-armhf armhf-6.1 programs "$DOOR" armhf/heap/door armhf/heap/device_memory
# The hugetlb area directly follows the default one.
guest manycma '6.12 7.x' programs '--no-load --mem 4G --no-overlay --append hugetlb_cma=1G' \
	arm64/heap/manycma
# Part of the memory is above 4 GiB.
guest system-high "$MORE" programs '--mem 4G' arm64/heap/system_high
guest amd64-nodes "$AMD64_LANES" programs \
	'--append contig_heaps.carveout=scratch:16M --append cma=64M' amd64/heap/nodes
guest lifecycle "$STOCK" programs '--no-load' arm64/heap/lifecycle arm64/heap/allocators
# With less memory, it is exhausted sooner.
guest warm 6.12 programs '--no-load --mem 1G' arm64/heap/warm
full warm '6.1 7.x' programs '--no-load --mem 1G' arm64/heap/warm
full warm-armhf armhf-6.1 programs '--no-load --mem 1G' armhf/heap/warm
guest warm-amd64 amd64-6.12 programs '--no-load --mem 1G' amd64/heap/warm
guest elastic 6.12 programs '--no-load --mem 1G' arm64/heap/elastic
# On 7.x, all memory is allocated in another way, so one variant is enough.
guest elastic 7.x programs '--no-load --mem 1G' arm64/heap/elastic:-V,uncached
full elastic '6.1 6.12-16k' programs '--no-load --mem 1G' arm64/heap/elastic
# The default area is in high memory. Each load maps all regions; mappings of other users must not
# prevent that.
HIGH='--no-load --mem 1536M --append cma=64M@0x90000000 --append vmalloc=512M'
guest elastic-armhf armhf-6.1 programs "$HIGH" armhf/heap/elastic:-V,own
full elastic-armhf-more armhf-6.1 programs "$HIGH" armhf/heap/elastic:-V,uncached
COMPETE='--no-load --mem 1G --append cma=38M@0x68000000'
guest compete 6.12 programs "$COMPETE --append hugepages=180" arm64/heap/compete
full compete 7.x programs "$COMPETE --append hugepages=180" arm64/heap/compete
guest config "$MORE" programs "--no-load --overlay $SELFTESTS/heap/vendor.dtso" \
	arm64/heap/config arm64/heap/vendor
full lifecycle-armhf armhf-6.1 programs '--no-load' armhf/heap/lifecycle armhf/heap/config
ODD="--overlay $SELFTESTS/heap/odd.dtso"
guest bounce "$MORE" programs "--append swiotlb=force $ODD" \
	arm64/heap/bounce armhf/heap/bounce arm64/heap/odd
OUTSIDE="--append mem=1536M --append contig_heaps.carveout=ext:16M@0xA1000000
	--append cma=32M@0x84000000 $ODD"
guest outside "$MORE" programs "$OUTSIDE" arm64/heap/outside armhf/heap/outside
guest outside-armhf armhf-6.1 programs \
	'--append mem=1536M --append contig_heaps.carveout=ext:16M@0xA1000000' armhf/heap/outside
NODEFAULT="--append cma=0 --append contig_heaps.carveout=any:16M,spare@80000000:1M $ODD"
guest nodefault "$STOCK" programs "$NODEFAULT" arm64/heap/nodefault

guest pmem-arm64 6.12 pmem/build '' "${PMEM[@]/#/arm64/}"
guest pmem-arm64 '6.1 7.x' pmem/build '' "${PMEM[@]/#/arm64/}" armhf/abi
guest pmem-more "$MORE" pmem/build '' "${PMEM_MORE[@]/#/arm64/}"
# Programs that depend on the page size.
full pmem-arm64 6.12-16k pmem/build '' arm64/abi arm64/mapping arm64/huge arm64/remap arm64/phys \
	arm64/cma_mem
full pmem-more 6.12-16k pmem/build '' arm64/errors arm64/caches arm64/budget arm64/connect \
	arm64/sysfs
# Programs that depend on locking.
full pmem-arm64 6.12-rt pmem/build '' arm64/connect arm64/security arm64/unload
full pmem-more 6.12-rt pmem/build '' arm64/abi arm64/vma arm64/clients arm64/sharing arm64/birth \
	arm64/stress
# 32-bit programs, like most clients; armel has no floating-point unit.
guest pmem-armhf 6.12 pmem/build '' armhf/abi armhf/errors armhf/clients armhf/gralloc \
	armhf/decoder armhf/cma_mem armel/abi armel/cma_mem armel/old_client
full pmem-armhf-more 6.12 pmem/build '' armhf/mapping armhf/connect armhf/remap armhf/caches armhf/huge armhf/vma armhf/security \
	armhf/birth armhf/phys armhf/sysfs armhf/kernel_api armhf/unload armhf/config \
	armhf/allocators armhf/fill armhf/budget armhf/marvell armhf/sharing armhf/stress \
	armhf/cma_test armhf/old_client
# A 32-bit kernel.
guest pmem-armhf armhf-6.1 pmem/build '' armhf/abi armhf/cma_mem armhf/kernel_api armhf/unload
full pmem-armhf-more armhf-6.1 pmem/build '' armhf/mapping armhf/remap armhf/errors armhf/caches armhf/connect armhf/vma \
	armhf/security armhf/phys armhf/fill armhf/sysfs armhf/allocators armhf/cma_test \
	armhf/old_client armhf/sharing armhf/config armhf/clients armhf/gralloc armhf/marvell \
	armhf/budget
guest pmem-high "$MORE" pmem/build "--qemu-arg -m --qemu-arg 4G --overlay $SELFTESTS/pmem/high.dtso
	--append pmem_compat.node=high:default_cma_region:cached" arm64/high armhf/high

# cirrus-vga does not need its firmware; edu must reach all memory.
CIRRUS='--qemu-arg -device --qemu-arg cirrus-vga,romfile='
EDU='--qemu-arg -device --qemu-arg edu,dma_mask=0xffffffffff'
DRIVERS=(arm64/vgem arm64/kms arm64/vivid arm64/camera arm64/many)
guest importers-drivers 6.12 importers/build "--modules cirrus --modules vivid $CIRRUS $EDU" \
	"${DRIVERS[@]}"
# The driver has a new name.
guest importers-newest 7.x importers/build "--modules cirrus-qemu --modules vivid $CIRRUS $EDU
	--modules bochs --qemu-arg -device --qemu-arg bochs-display" \
	"${DRIVERS[@]}" arm64/kms-bochs
# virtio-gpu reads guest pages directly if the host provides a buffer of them (udmabuf).
RAM='--qemu-arg -machine --qemu-arg memory-backend=ram --qemu-arg -object'
RAM+=' --qemu-arg memory-backend-memfd,id=ram,size=2G,share=on'
guest importers-virtio 7.x importers/build "--modules virtio-gpu $RAM
	--preload $CACHE/importers-host/udmabuf.so
	--qemu-arg -device --qemu-arg virtio-gpu-pci,blob=on,romfile=" arm64/kms-virtio
EDU_LANES=6.12
[[ -z ${FULL:-} ]] || EDU_LANES+=' 7.x'
guest importers-edu "$EDU_LANES" importers/build "--qemu-arg -device --qemu-arg ramfb $EDU" \
	arm64/edu arm64/ramfb arm64/noncoherent arm64/snooping
guest importers-smmu '6.12 7.x' importers/build \
	"--qemu-arg -machine --qemu-arg iommu=smmuv3 $EDU" arm64/smmu
guest importers-swiotlb '6.12 7.x' importers/build "--append swiotlb=force $EDU" arm64/swiotlb \
	arm64/fence

# Unmodified programs of Debian.
guest debian 6.12 debian/build '--modules vivid' v4l2-ctl v4l2-compliance memtester
full debian 7.x debian/build '--modules vivid' v4l2-ctl
guest debian-abuse 6.12 debian/build '' stress-ng
full debian-trinity 6.12 debian/build '' trinity
full debian-udev 6.12 debian/build '' udev
guest debian-amd64 amd64-6.12 debian/build-amd64 "--modules vivid $AMD64" udev python

# The commands of the how-to guides.
guest howto 6.12 howto/build "--no-load --overlay $SELFTESTS/howto/board.dtso --append cma=128M" commands

# The debug kernel is slow, so it runs only the tests of error paths, of arbitrary calls, and of
# removal during use.
full heaps debug programs '' arm64/heap/importer arm64/heap/stock
full pmem debug pmem/build '' arm64/connect arm64/security
# The pool alone: KUnit needs none of our modules.
guest kunit debug kunit/build '--no-load' pool
# On this lane, loading a module or removing a device takes seconds. With an instruction-counting
# clock, that delay costs no real time.
guest pmem-unload debug pmem/build --icount arm64/unload arm64/kernel_api
full lifecycle debug programs '--no-load --icount' arm64/heap/lifecycle
full importers-swiotlb debug importers/build "--append swiotlb=force $EDU" \
	arm64/swiotlb arm64/fence

# Fault injection. The kernel itself complains if an allocation fails for its tracking of DMA
# mappings, for a vmap of a buffer, for the stack of a child, or for kmemleak.
TRACKING=cacheline.tracking.ENOMEM
guest faults-heap debug faults/build "--allow $TRACKING" arm64/heap
guest faults-pmem debug faults/build "--allow $TRACKING" arm64/pmem
guest faults-kernel debug faults/build \
	"--allow $TRACKING|kmemleak:.Cannot.allocate|dma_buf_vmap\+|cut.here|Call.trace:" arm64/kernel
# With an instruction-counting clock, the delays of the debug kernel cost no real time.
LOADING="--icount --append loglevel=5 --overlay $SELFTESTS/faults/loading/board.dtso
	--allow $TRACKING|kmemleak:.Cannot.allocate|Call.trace:"
guest faults-module debug faults/loading/build "$LOADING" arm64/module:-f,probe
RECORDED="--tree $("$SELFTESTS/variant" kcov)"
guest fuzz-device debug fuzz/device/build "$RECORDED --allow $TRACKING" \
	arm64/fuzz:1,50,/mnt/share/corpus armhf/fuzz:2,27,/mnt/share/corpus

# Everything that can run on the debug kernel, for "make check-debug".
if [[ -n ${FULL:-} ]]; then
	guest heaps-more debug programs '' arm64/heap/security arm64/heap/abi arm64/heap/extension \
		arm64/heap/mmap arm64/heap/huge arm64/heap/introspect arm64/heap/strangers
	guest heaps-memory debug programs '' arm64/upstream/dmabuf-heap arm64/heap/zero \
		arm64/heap/stress arm64/heap/capacity
	guest pmem-memory debug pmem/build '' arm64/allocators arm64/huge arm64/stress
	guest pmem-clients debug pmem/build '' arm64/gralloc arm64/decoder arm64/marvell \
		arm64/birth arm64/fill arm64/clients arm64/phys
	guest pmem-errors debug pmem/build '' arm64/abi arm64/errors arm64/caches
	guest pmem-config debug pmem/build --icount arm64/config arm64/budget
	guest heaps-config debug programs '--no-load --icount' arm64/heap/config
	guest stress-suspend debug stress/build '' arm64/suspend
	guest bounce debug programs "--append swiotlb=force $ODD" \
		arm64/heap/bounce armhf/heap/bounce arm64/heap/odd
	guest pmem-mapping debug pmem/build '' arm64/mapping arm64/remap
	guest pmem-more debug pmem/build '' arm64/vma arm64/sharing arm64/sysfs arm64/cma_test \
		arm64/old_client arm64/cma_mem
	guest nodefault debug programs "--icount $NODEFAULT" arm64/heap/nodefault
	# Filling a page is slow, as it is poisoned, checked and tracked. Huge pages use up most of
	# them.
	guest stress-pressure debug stress/build "--append hugepages=850" arm64/pressure
	guest importers-smmu debug importers/build \
		"--qemu-arg -machine --qemu-arg iommu=smmuv3 $EDU" arm64/smmu
	guest stress debug stress/build '' arm64/exhaust arm64/kill
	guest stress-reload debug stress/build '' arm64/reload
	guest outside debug programs "$OUTSIDE" arm64/heap/outside armhf/heap/outside
	guest armhf debug programs '' armhf/heap/abi armhf/heap/extension armhf/heap/mmap
	guest pmem-armhf debug pmem/build '' armhf/abi armhf/errors armhf/mapping \
		armhf/cma_mem
	guest importers debug importers/build "--modules vivid --qemu-arg -device
		--qemu-arg ramfb $EDU" arm64/vgem arm64/vivid arm64/edu arm64/ramfb \
		arm64/noncoherent arm64/snooping
	# Of the displays of 6.12, only cirrus can import.
	guest importers-kms debug importers/build \
		"--modules cirrus --modules vivid $CIRRUS $EDU" \
		arm64/kms arm64/camera arm64/many
	guest userspace debug userspace/build '' arm64/lib armhf/lib
	guest userspace-tool debug userspace/build '' arm64/tool arm64/terminal
	guest userspace-camera debug userspace/build \
		"--modules cirrus --modules vivid $CIRRUS" arm64/camera
	guest faults-load debug faults/loading/build "$LOADING" arm64/module:-f,load
fi

# Library and tool.
guest userspace "$MORE" userspace/build '--mem 3G' arm64/lib armhf/lib arm64/gigabyte
guest userspace-tool 6.12 userspace/build '' arm64/tool arm64/terminal
full userspace-tool-armhf 6.12 userspace/build '' armhf/tool
guest userspace-camera 6.12 userspace/build "--modules cirrus --modules vivid $CIRRUS" arm64/camera
# Coexistence with the kernel's own heaps.
guest userspace-fallback amd64-6.12 userspace/build '--append contig_heaps.carveout=beside:16M' \
	amd64/fallback amd64/raii

# With less memory, it is exhausted sooner.
guest stuck 6.12 programs "$OLD_FILES --mem 1G" arm64/heap/stuck

# Stress.
guest stress 6.12 stress/build '' arm64/exhaust arm64/kill
# With less memory, it is exhausted sooner.
guest stress-pressure 6.12 stress/build '--mem 1G' arm64/pressure
guest stress-suspend 6.12 stress/build '' arm64/suspend
guest stress-reload 6.12 stress/build '' arm64/reload

# Modules with random delays.
LATE="--tree $("$SELFTESTS/variant" torture)"
guest torture 6.12 torture/build "$LATE" arm64/heap/stress arm64/pmem/stress
full torture-kill 6.12 torture/build "$LATE" arm64/stress/kill
