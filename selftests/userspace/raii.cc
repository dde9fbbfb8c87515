// SPDX-License-Identifier: GPL-2.0-only
/* The library in C++, in a guest with our heap "beside", and the kernel's own. */
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <dmaheap.hpp>

static int count;
static bool failed;

/* An unexpected exception is a failure. */
template <typename Test> static void result(const char *name, Test test)
{
	bool ok = false;

	try {
		ok = test();
	} catch (const std::exception &error) {
		std::printf("# %s\n", error.what());
	}
	failed |= !ok;
	std::printf("%s %d %s\n", ok ? "ok" : "not ok", ++count, name);
}

template <typename Call> static bool throws(std::errc wanted, Call call)
{
	try {
		call();
	} catch (const std::system_error &error) {
		return error.code() == wanted;
	}
	return false;
}

static int open_fds()
{
	int fd, fds = 0;

	for (fd = 0; fd < 1024; fd++)
		fds += fcntl(fd, F_GETFD) >= 0;
	return fds;
}

static bool contents()
{
	dma::buffer buffer = dma::heap("beside").allocate(10000);
	dma::access writing = buffer.write();

	if (writing.size() != 12288 || buffer.size() != 12288)
		return false;
	if (std::count(writing.data<char>(), writing.data<char>() + 12288, 0) != 12288)
		return false;
	std::fill_n(writing.data<char>(), writing.size(), 'x');
	writing.end();
	writing.end();

	dma::access part = buffer.read(4096, 100);

	return part.size() == 100 &&
	       std::count(part.data<char>(), part.data<char>() + 100, 'x') == 100;
}

static bool references()
{
	dma::heap heap("beside");
	std::uint64_t all = heap.info().free;
	int fds = open_fds();
	{
		dma::buffer one = heap.allocate(4096), same = one, moved = std::move(one);
		dma::buffer imported = dma::buffer::import(moved.fd());
		dma::access access = same.read(), other = std::move(access);

		if (heap.info().buffers != 1 || imported.info().heap != std::string("beside"))
			return false;
		access = std::move(other);
		moved = imported;
	}
	return heap.info().free == all && heap.info().buffers == 0 && open_fds() == fds;
}

static bool files()
{
	dma::buffer buffer = dma::heap("beside").allocate(8192);
	int file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	char text[100] = {};
	bool ok;

	std::memset(text, 'y', sizeof(text));
	ok = write(file, text, 100) == 100 && buffer.load(file) == 100 &&
	     buffer.store(file, 50, 0, 100) == 100 && lseek(file, 0, SEEK_END) == 150 &&
	     buffer.read().data<char>()[99] == 'y' && !buffer.read().data<char>()[100];
	close(file);
	return ok;
}

static bool progress()
{
	dma::buffer buffer = dma::heap("beside").allocate(8192);
	int file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	std::uint64_t last = 0;
	bool thrown = false;

	buffer.store(file, 0, 0, 5000, [&](std::uint64_t done, std::uint64_t) { last = done; });
	try {
		buffer.load(file, 0, 0, 0, [](std::uint64_t, std::uint64_t) { throw 7; });
	} catch (int number) {
		thrown = number == 7;
	}
	close(file);
	return last == 5000 && thrown;
}

static bool mappings()
{
	dma::buffer buffer = dma::heap("beside").allocate(8192);
	dma::mapping part = buffer.map(DMAHEAP_RW, 4099), moved = buffer.map(DMAHEAP_READ, 0, 1);

	part.data<char>()[1] = 'p';
	moved = std::move(part);
	return moved.size() == 4093 && moved.data<char>()[1] == 'p' &&
	       buffer.map(DMAHEAP_READ, 4100, 1).data<char>()[0] == 'p' &&
	       throws(std::errc::invalid_argument, [&] { buffer.map(DMAHEAP_READ, 8192); }) &&
	       throws(std::errc::invalid_argument, [&] { buffer.map(DMAHEAP_READ, 9000); });
}

static bool errors()
{
	dma::heap heap("beside");

	return throws(std::errc::no_such_file_or_directory, [] { dma::heap("no-such"); }) &&
	       throws(std::errc::not_enough_memory, [&] { heap.allocate(1ULL << 40); }) &&
	       throws(std::errc::invalid_argument, [&] { heap.allocate(1, { 1U << 31 }); }) &&
	       throws(std::errc::bad_file_descriptor, [] { dma::buffer::import(-1); }) &&
	       throws(std::errc::operation_not_supported, [] { dma::heap("system").info(); });
}

static bool options()
{
	dma::heap heap = dma::heap::first({ "no-such", "beside" });
	dma::buffer buffer = heap.allocate(4096, { 0, 1 << 16, "frame" });

	buffer.set_name("other");
	buffer.wait(DMAHEAP_RW);
	return heap.name() == "beside" && heap.features() & DMAHEAP_CAN_ALIGN &&
	       buffer.wait_for(DMAHEAP_WRITE, std::chrono::milliseconds(0));
}

static bool all_names()
{
	std::vector<std::string> names = dma::names();

	std::vector<dmaheap_entry> entries = dma::list();
	auto beside = std::find_if(entries.begin(), entries.end(), [](const dmaheap_entry &entry) {
		return !std::strcmp(entry.name, "beside");
	});

	return entries.size() == names.size() && beside != entries.end() &&
	       beside->flags & DMAHEAP_ENTRY_KNOWN && beside->total == 16 << 20 &&
	       std::count(names.begin(), names.end(), "beside") == 1 &&
	       std::count(names.begin(), names.end(), "system") == 1;
}

int main()
{
	std::printf("KTAP version 1\n1..8\n");
	result("contents", contents);
	result("references", references);
	result("files", files);
	result("progress", progress);
	result("mappings", mappings);
	result("errors", errors);
	result("options", options);
	result("names", all_names);
	return failed;
}
