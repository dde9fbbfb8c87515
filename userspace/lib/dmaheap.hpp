/* SPDX-License-Identifier: MIT */
/*
 * libdmaheap for C++17: destructors drop references and end accesses, and errors are thrown as
 * std::system_error. This header needs only <dmaheap.h> and its library.
 *
 *	dma::heap heap("system");
 *	dma::buffer buffer = heap.allocate(1 << 20);
 *	{
 *		dma::access access = buffer.write();
 *		std::fill_n(access.data<char>(), access.size(), 'x');
 *		access.end();
 *	}
 *
 * A heap or a buffer is a counted reference; a copy refers to the same object. A moved-from one can
 * only be assigned to or destroyed. Thread safety is as in C.
 */
#ifndef DMAHEAP_HPP
#define DMAHEAP_HPP

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <dmaheap.h>

namespace dma {

/* Throw the error that a function of the library returned, unless it is 0. */
inline void check(int result)
{
	if (result)
		throw std::system_error(-result, std::generic_category(),
					dmaheap_strerror(result));
}

/*
 * A CPU access to a part of a buffer, which is mapped meanwhile. The destructor ends it; end() does
 * so too, and throws on errors.
 */
class access {
public:
	access(dmaheap_buffer *buffer, std::uint64_t offset, std::uint64_t len, std::uint32_t flags)
	{
		check(dmaheap_access_begin(buffer, offset, len, flags, &access_));
	}

	access(access &&other) noexcept : access_(std::exchange(other.access_, dmaheap_access())) {}

	access &operator=(access &&other) noexcept
	{
		std::swap(access_, other.access_);
		return *this;
	}

	~access() { (void)dmaheap_access_end(&access_); }

	void end() { check(dmaheap_access_end(&access_)); }

	template <typename T = void> T *data() const noexcept
	{
		return static_cast<T *>(access_.data);
	}

	/* Bytes. */
	std::size_t size() const noexcept { return access_.len; }

private:
	dmaheap_access access_ = dmaheap_access();
};

/* A mapping of a part of a buffer, which does not begin an access. The destructor unmaps it. */
class mapping {
public:
	mapping(dmaheap_buffer *buffer, std::uint64_t offset, std::uint64_t len, std::uint32_t flags)
		: size_(len)
	{
		check(dmaheap_buffer_map_part(buffer, offset, len, flags, &data_));
	}

	mapping(mapping &&other) noexcept
		: data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}

	mapping &operator=(mapping &&other) noexcept
	{
		std::swap(data_, other.data_);
		std::swap(size_, other.size_);
		return *this;
	}

	~mapping()
	{
		if (data_)
			(void)dmaheap_buffer_unmap_part(data_, size_);
	}

	template <typename T = void> T *data() const noexcept { return static_cast<T *>(data_); }

	/* Bytes. */
	std::size_t size() const noexcept { return size_; }

private:
	void *data_ = nullptr;
	std::size_t size_;
};

/* Called with the bytes done and the total; an exception ends the transfer. */
using progress = std::function<void(std::uint64_t done, std::uint64_t len)>;

class buffer {
public:
	/* Takes the reference over. */
	explicit buffer(dmaheap_buffer *adopted) noexcept : buffer_(adopted, dmaheap_buffer_unref) {}

	/* Import a dma-buf; its file descriptor stays the caller's. */
	static buffer import(int fd)
	{
		dmaheap_buffer *imported;

		check(dmaheap_buffer_import(nullptr, fd, &imported));
		return buffer(imported);
	}

	dmaheap_buffer *get() const noexcept { return buffer_.get(); }

	/* The buffer's file descriptor; the caller must not close it. */
	int fd() const noexcept { return dmaheap_buffer_fd(get()); }

	std::uint64_t size() const noexcept { return dmaheap_buffer_size(get()); }

	/* A new file descriptor, which the caller closes. */
	int export_fd() const
	{
		int fd;

		check(dmaheap_buffer_export(get(), &fd));
		return fd;
	}

	void set_name(const std::string &name) { check(dmaheap_buffer_set_name(get(), name.c_str())); }

	struct dmaheap_buffer_info info() const
	{
		struct dmaheap_buffer_info info = DMAHEAP_BUFFER_INFO_INIT;

		check(dmaheap_buffer_info(get(), &info));
		return info;
	}

	/* A length of 0 is the rest of the buffer. */
	access read(std::uint64_t offset = 0, std::uint64_t len = 0) const
	{
		return access(get(), offset, len, DMAHEAP_READ);
	}

	access write(std::uint64_t offset = 0, std::uint64_t len = 0) const
	{
		return access(get(), offset, len, DMAHEAP_WRITE);
	}

	access read_write(std::uint64_t offset = 0, std::uint64_t len = 0) const
	{
		return access(get(), offset, len, DMAHEAP_RW);
	}

	/* DMAHEAP_READ, or DMAHEAP_RW; a length of 0 is the rest of the buffer. */
	mapping map(std::uint32_t flags, std::uint64_t offset = 0, std::uint64_t len = 0) const
	{
		return mapping(get(), offset, len || offset > size() ? len : size() - offset, flags);
	}

	/* Return the bytes read from the file, or written to it. */
	std::uint64_t load(int file, std::uint64_t file_offset = 0, std::uint64_t offset = 0,
			   std::uint64_t len = 0, const progress &told = nullptr) const
	{
		return transfer(dmaheap_buffer_load_all, file, file_offset, offset, len, told);
	}

	std::uint64_t store(int file, std::uint64_t file_offset = 0, std::uint64_t offset = 0,
			    std::uint64_t len = 0, const progress &told = nullptr) const
	{
		return transfer(dmaheap_buffer_store_all, file, file_offset, offset, len, told);
	}

	/* Wait for devices, without a limit; or return false after a timeout. */
	void wait(std::uint32_t flags) const { check(dmaheap_buffer_wait(get(), flags, -1)); }

	bool wait_for(std::uint32_t flags, std::chrono::milliseconds time) const
	{
		int result = dmaheap_buffer_wait(get(), flags, static_cast<int>(time.count()));

		if (result == -static_cast<int>(std::errc::timed_out))
			return false;
		check(result);
		return true;
	}

private:
	struct call {
		const progress &told;
		std::exception_ptr thrown;
	};

	/* No exception may pass through C. */
	static int on_progress(std::uint64_t done, std::uint64_t len, void *data)
	{
		call &one = *static_cast<call *>(data);

		try {
			one.told(done, len);
		} catch (...) {
			one.thrown = std::current_exception();
		}
		return one.thrown ? -1 : 0;
	}

	std::uint64_t transfer(int (*all)(dmaheap_buffer *, int, dmaheap_transfer *), int file,
			       std::uint64_t file_offset, std::uint64_t offset, std::uint64_t len,
			       const progress &told) const
	{
		dmaheap_transfer how = DMAHEAP_TRANSFER_INIT;
		call one = { told, nullptr };

		how.offset = offset;
		how.len = len;
		how.file_offset = file_offset;
		how.progress = told ? on_progress : nullptr;
		how.data = &one;

		int result = all(get(), file, &how);

		if (one.thrown)
			std::rethrow_exception(one.thrown);
		check(result);
		return how.done;
	}

	std::shared_ptr<dmaheap_buffer> buffer_;
};

/* DMAHEAP_ALLOC_CACHED and so on, an alignment in bytes, and the name that tools show. */
struct options {
	std::uint32_t flags = 0;
	std::uint64_t align = 0;
	std::string name = {};
};

class heap {
public:
	/* Takes the reference over. */
	explicit heap(dmaheap *adopted) noexcept : heap_(adopted, dmaheap_unref) {}

	explicit heap(const std::string &name) : heap(open(name)) {}

	/* Open the first heap that can be opened. */
	static heap first(const std::vector<std::string> &names)
	{
		std::vector<const char *> list;
		dmaheap *opened;

		for (const std::string &name : names)
			list.push_back(name.c_str());
		list.push_back(nullptr);
		check(dmaheap_open_first(list.data(), &opened));
		return heap(opened);
	}

	dmaheap *get() const noexcept { return heap_.get(); }

	std::string name() const { return dmaheap_name(get()); }

	/* DMAHEAP_CAN_* */
	std::uint32_t features() const noexcept { return dmaheap_features(get()); }

	dmaheap_info info() const
	{
		dmaheap_info info = DMAHEAP_INFO_INIT;

		check(dmaheap_query(get(), &info));
		return info;
	}

	buffer allocate(std::uint64_t size, const options &how = options()) const
	{
		dmaheap_options options = DMAHEAP_OPTIONS_INIT;
		dmaheap_buffer *allocated;

		options.flags = how.flags;
		options.align = how.align;
		options.name = how.name.empty() ? nullptr : how.name.c_str();
		check(dmaheap_alloc(get(), size, &options, &allocated));
		return buffer(allocated);
	}

private:
	static dmaheap *open(const std::string &name)
	{
		dmaheap *opened;

		check(dmaheap_open(name.c_str(), &opened));
		return opened;
	}

	std::shared_ptr<dmaheap> heap_;
};

/* The names of all heaps, in order. */
inline std::vector<std::string> names()
{
	std::vector<std::string> found;

	check(dmaheap_for_each([](const char *name, void *data) {
		static_cast<std::vector<std::string> *>(data)->push_back(name);
		return 0;
	}, &found));
	return found;
}

/* The properties of all heaps that are visible to any user, in order. */
inline std::vector<dmaheap_entry> list()
{
	dmaheap_entry entry = DMAHEAP_ENTRY_INIT;
	std::vector<dmaheap_entry> found;

	check(dmaheap_list(&entry, [](const dmaheap_entry *one, void *data) {
		static_cast<std::vector<dmaheap_entry> *>(data)->push_back(*one);
		return 0;
	}, &found));
	return found;
}

} /* namespace dma */

#endif /* DMAHEAP_HPP */
