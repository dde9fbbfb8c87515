// SPDX-License-Identifier: MIT
/* dmaheap sync */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tool.h"

/* Duplicate a file descriptor of another process; returns a negative errno on failure. */
static int fd_of_process(unsigned long pid, unsigned long number)
{
	int process = syscall(SYS_pidfd_open, (pid_t)pid, 0), fd, ret;

	if (process < 0)
		return -errno;
	fd = syscall(SYS_pidfd_getfd, process, (int)number, 0);
	ret = fd < 0 ? -errno : fd;
	close(process);
	return ret;
}

static int begin_and_end(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			 uint32_t flags, bool begin, bool end)
{
	int ret = begin ? dmaheap_buffer_sync(buffer, offset, len, flags) : 0;

	if (!ret && end)
		ret = dmaheap_buffer_sync(buffer, offset, len, flags | DMAHEAP_END);
	return ret;
}

static int do_sync(int fd, uint64_t offset, uint64_t len, uint32_t flags, bool begin, bool end)
{
	struct dmaheap_buffer *buffer;
	int ret = dmaheap_buffer_import(NULL, fd, &buffer);

	if (ret)
		return fail(0, "fd %d: %s", fd, ret == -EBADF ? dmaheap_strerror(ret) :
			    "not a dma-buf");
	if (offset >= dmaheap_buffer_size(buffer))
		ret = -EINVAL;
	else
		ret = begin_and_end(buffer, offset,
				    len ? len : dmaheap_buffer_size(buffer) - offset, flags, begin,
				    end);
	dmaheap_buffer_unref(buffer);
	return ret ? fail(ret, "cannot sync") : OK;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "read", no_argument, NULL, 'r' },
		{ "write", no_argument, NULL, 'w' },
		{ "begin", no_argument, NULL, 'b' },
		{ "end", no_argument, NULL, 'e' },
		{ "offset", required_argument, NULL, 'o' },
		{ "length", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long pid = 0, number;
	uint64_t offset = 0, len = 0;
	bool begin = false, end = false;
	uint32_t flags = 0;
	int c, fd, ret;

	while ((c = getopt_long(argc, argv, "rwbeo:l:h", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			flags |= DMAHEAP_READ;
			break;
		case 'w':
			flags |= DMAHEAP_WRITE;
			break;
		case 'b':
			begin = true;
			break;
		case 'e':
			end = true;
			break;
		case 'o':
			if (!parse_size(optarg, &offset))
				return usage("--offset takes a size");
			break;
		case 'l':
			if (!parse_size(optarg, &len) || !len)
				return usage("--length takes a size");
			break;
		case 'h':
			return show_help();
		default:
			return bad_option();
		}
	}
	if (optind + 1 != argc && optind + 2 != argc)
		return usage("[PID] FD is expected");
	if (!parse_number(argv[argc - 1], INT32_MAX, &number) ||
	    (optind + 2 == argc && (!parse_number(argv[optind], INT32_MAX, &pid) || !pid)))
		return usage("PID and FD are numbers");
	if (pid) {
		fd = fd_of_process(pid, number);
		if (fd < 0)
			return fail(0, "fd %lu of process %lu: %s", number, pid, strerror(-fd)),
			       fd == -EPERM ? DENIED : fd == -ESRCH || fd == -EBADF ? MISSING :
								  FAILED;
	} else {
		fd = number;
	}
	ret = do_sync(fd, offset, len, flags ? flags : DMAHEAP_RW, begin || !end, end || !begin);
	if (pid)
		close(fd);
	return ret;
}

const struct command cmd_sync = {
	.name = "sync",
	.summary = "begin and end a CPU access to a buffer",
	.help =
"Usage: dmaheap sync [OPTION]... [PID] FD\n\n"
"Begin and end a CPU access to a dma-buf, given as an inherited file descriptor, or as one of another\n"
"process. The latter needs the right to debug that process.\n\n"
"  -b, --begin         begin only\n"
"  -e, --end           end only\n"
"  -r, --read          the CPU reads\n"
"  -w, --write         the CPU writes; both by default\n"
"  -o, --offset=BYTES  start of the part\n"
"  -l, --length=BYTES  length of the part; to the end of the buffer by default\n"
"  -h, --help          this text\n",
	.run = run,
};
