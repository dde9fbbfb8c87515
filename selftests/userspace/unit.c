// SPDX-License-Identifier: GPL-2.0-only
/* Parts of library and tool that need no kernel: parsing, formatting, error texts. KTAP. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/dmaheap/tool.h"

static int count, failed;

static void result(bool good, const char *name)
{
	printf("%s %d %s\n", good ? "ok" : "not ok", ++count, name);
	failed += !good;
}

#define CHECK(what)	result(what, #what)

static bool size_is(const char *text, uint64_t expected)
{
	uint64_t size = 42;

	return parse_size(text, &size) && size == expected;
}

static bool no_size(const char *text)
{
	uint64_t size = 42;

	return !parse_size(text, &size) && size == 42;
}

static void test_sizes(void)
{
	CHECK(size_is("0", 0));
	CHECK(size_is("4096", 4096));
	CHECK(size_is("0x1000", 4096));
	CHECK(size_is("64K", 65536));
	CHECK(size_is("64k", 65536));
	CHECK(size_is("3MiB", 3 << 20));
	CHECK(size_is("2GB", 2ULL << 30));
	CHECK(size_is("16T", 16ULL << 40));
	CHECK(size_is("18446744073709551615", UINT64_MAX));
	CHECK(no_size("18446744073709551616"));
	CHECK(no_size("16777216T"));
	CHECK(size_is("16777215T", 16777215ULL << 40));
	CHECK(no_size(""));
	CHECK(no_size("-1"));
	CHECK(no_size(" 1"));
	CHECK(no_size("+1"));
	CHECK(no_size("K"));
	CHECK(no_size("1 K"));
	CHECK(no_size("1Q"));
	CHECK(no_size("1KK"));
	CHECK(no_size("1KiBs"));
	/* As people type them: fractions, small letters, no octal. */
	CHECK(size_is("1.5M", 3 << 19));
	CHECK(size_is("0.25g", 1 << 28));
	CHECK(size_is("0.1K", 102));
	CHECK(size_is("2.0KiB", 2048));
	CHECK(size_is("16777215.999999T", (16777215ULL << 40) + 1099510528264));
	CHECK(size_is("1kib", 1024));
	CHECK(size_is("3mb", 3 << 20));
	CHECK(size_is("010K", 10240));
	CHECK(size_is("0X10", 16));
	CHECK(no_size("1.5"));
	CHECK(no_size("1.M"));
	CHECK(no_size(".5M"));
	CHECK(no_size("1.5.5M"));
	CHECK(no_size("1.0000001M"));
	CHECK(no_size("1.5Q"));
	CHECK(no_size("0x"));
}

static bool is_text(uint64_t size, const char *expected)
{
	char text[32];

	return !strcmp(size_text(size, text, sizeof(text)), expected);
}

static void test_size_texts(void)
{
	CHECK(is_text(0, "0 B"));
	CHECK(is_text(1023, "1023 B"));
	CHECK(is_text(1024, "1 KiB"));
	CHECK(is_text(1536, "1.5 KiB"));
	CHECK(is_text(1048575, "1 MiB"));
	CHECK(is_text(1536000, "1.5 MiB"));
	CHECK(is_text(1023 << 10, "1023 KiB"));
	CHECK(is_text(27 << 20 | 8192, "27 MiB"));
	CHECK(is_text(48 << 20, "48 MiB"));
	CHECK(is_text(99 * 1048576ULL + 943718, "99.9 MiB"));
	CHECK(is_text(99 * 1048576ULL + 1048575, "100 MiB"));
	CHECK(is_text(1ULL << 40, "1 TiB"));
	CHECK(is_text(UINT64_MAX, "16777216 TiB"));
}

static bool number_is(const char *text, unsigned long max, unsigned long expected)
{
	unsigned long number;

	return parse_number(text, max, &number) && number == expected;
}

static void test_numbers(void)
{
	unsigned long number;

	CHECK(number_is("255", 255, 255));
	CHECK(number_is("0xff", 255, 255));
	CHECK(number_is("010", 255, 10));
	CHECK(!parse_number("256", 255, &number));
	CHECK(!parse_number("", 255, &number));
	CHECK(!parse_number("-1", ULONG_MAX, &number));
	CHECK(!parse_number("99999999999999999999999", ULONG_MAX, &number));
}

static void test_errors(void)
{
	static const int known[] = {
		0, ENOENT, EACCES, ENOMEM, EINVAL, ENODEV, EOPNOTSUPP, EMFILE, ENFILE, EBADF,
		ENAMETOOLONG, EINTR, E2BIG, EOVERFLOW, EFAULT, EBUSY, EAGAIN, ENOSPC, EFBIG,
		ESPIPE, EPIPE, EBADMSG, ETIMEDOUT, EIO,
	};
	const char *unknown = dmaheap_strerror(-12345);
	bool same = true, all = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		same &= dmaheap_strerror(known[i]) == dmaheap_strerror(-known[i]);
		all &= strcmp(dmaheap_strerror(-known[i]), unknown) != 0;
	}
	result(same, "the sign of an error does not matter");
	result(all, "every error of the library has a text");
	CHECK(!strcmp(unknown, "error 12345"));
	CHECK(!strcmp(dmaheap_strerror(INT_MIN), "error 2147483647"));
	CHECK(!strcmp(dmaheap_strerror(INT_MAX), "error 2147483647"));
	CHECK(!strcmp(dmaheap_strerror(-ENOENT), "no such heap"));
	CHECK(!strncmp(dmaheap_version(), "1.0.", 4));
}

#define LEGEND	"# used  . free and zero  : free, to be zeroed; each is 4096 bytes\n"

static void test_map(void)
{
	struct region_map map = { 0 };

	CHECK(parse_map(LEGEND "         0  ##..::\n     24576  ..#\n", &map));
	CHECK(map.cell == 4096 && map.count == 9 && !memcmp(map.cells, "##..::..#", 9));
	free(map.cells);
	CHECK(parse_map(LEGEND, &map));
	CHECK(map.count == 0);
	free(map.cells);
	/* Blank means memory of the kernel, at any position. */
	CHECK(parse_map(LEGEND "         0    #. :  \n12345678901   \n     24576     ", &map));
	CHECK(map.count == 12 && !memcmp(map.cells, "  #. :      ", 12));
	free(map.cells);
	/* An unknown sign means something that is not free. */
	CHECK(parse_map(LEGEND "  0  .?.", &map));
	CHECK(map.count == 3 && map.cells[1] == '#');
	free(map.cells);
	CHECK(!parse_map("", &map));
	CHECK(!parse_map("# used", &map));
	CHECK(!parse_map("# each is 0 bytes\n", &map));
	CHECK(!parse_map("# used\nz each is 4096 bytes\n", &map));
	CHECK(!parse_map("used each is 4096 bytes\n", &map));
}

#define HEADER	"offset size age inode pid comm heap attachments name\n"
#define ONE	"     1048576      4096        1.500       77      123 two words        adsp - a name\n"

static void test_buffers(void)
{
	struct region_map map = { 0 };

	CHECK(parse_buffers(HEADER, &map) && !map.nr_buffers);
	CHECK(parse_buffers(HEADER ONE ONE, &map) && map.nr_buffers == 2);
	CHECK(map.buffers && map.buffers[1].offset == 1 << 20 && map.buffers[1].size == 4096);
	CHECK(map.buffers && map.buffers[1].inode == 77 && map.buffers[1].pid == 123);
	CHECK(map.buffers && !strcmp(map.buffers[1].comm, "two words"));
	CHECK(map.buffers && !strcmp(map.buffers[1].heap, "adsp"));
	CHECK(map.buffers && !strcmp(map.buffers[1].name, "a name"));
	free(map.buffers);
	CHECK(!parse_buffers("", &map) && !map.buffers);
	CHECK(!parse_buffers("offset size age pid comm heap\n" ONE, &map) && !map.buffers);
	CHECK(!parse_buffers(HEADER ONE "1 2 3\n", &map) && !map.buffers);
	CHECK(!parse_buffers(HEADER "1 4096 1.0 7 1 short\n", &map) && !map.buffers);
}

static void test_proc(void)
{
	unsigned long inode = 0;
	struct held held;

	CHECK(parse_fdinfo("pos:\t0\nflags:\t02\nmnt_id:\t1\nino:\t77\nsize:\t4096\ncount:\t1\n"
			   "exp_name:\tadsp\nname:\ta name\n", &held));
	CHECK(held.inode == 77 && held.size == 4096 && !strcmp(held.exporter, "adsp"));
	CHECK(!strcmp(held.name, "a name"));
	CHECK(parse_fdinfo("ino:\t7\nsize:\t1\nexp_name:\tadsp\n", &held) && !*held.name);
	CHECK(!parse_fdinfo("pos:\t0\nflags:\t02\nino:\t77\n", &held));
	CHECK(!parse_fdinfo("", &held));
	CHECK(parse_maps_line("7f00-7f01 rw-s 00000000 00:0b 77      /dmabuf:a name", &inode) &&
	      inode == 77);
	CHECK(!parse_maps_line("7f00-7f01 rw-p 00000000 00:00 0", &inode));
	CHECK(!parse_maps_line("7f00-7f01 r-xp 00000000 08:01 9 /usr/bin/dmabuf:", &inode));
	CHECK(!parse_maps_line("", &inode));
}

int main(void)
{
	puts("KTAP version 1");
	test_sizes();
	test_size_texts();
	test_numbers();
	test_errors();
	test_map();
	test_buffers();
	test_proc();
	printf("1..%d\n", count);
	return failed != 0;
}
