// SPDX-License-Identifier: MIT
/* Send buffers to other processes over sockets. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

/**
 * union control - space for one file descriptor in a message
 * @header: for the alignment
 * @space: the bytes
 */
union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

/* A message must contain at least one byte of data. */
static struct msghdr message_of(struct iovec *byte, union control *control)
{
	return (struct msghdr) {
		.msg_iov = byte,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};
}

API int dmaheap_buffer_send(struct dmaheap_buffer *buffer, int socket)
{
	union control control = { .header = { .cmsg_len = 0 } };
	char data = 0;
	struct iovec byte = { .iov_base = &data, .iov_len = 1 };
	struct msghdr message = message_of(&byte, &control);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(buffer->fd));
	memcpy(CMSG_DATA(header), &buffer->fd, sizeof(buffer->fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/*
 * Get the file descriptor of a message, or a negative errno. On 64-bit systems, alignment leaves
 * space for a second one, which is not wanted.
 */
static int only_fd(const struct cmsghdr *header)
{
	const unsigned char *data = CMSG_DATA(header);
	size_t nr = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	int fd;

	memcpy(&fd, data, sizeof(fd));
	if (nr == 1)
		return fd;
	for (i = 0; i < nr; i++) {
		memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		close(fd);
	}
	return -EBADMSG;
}

API int dmaheap_buffer_receive(int socket, struct dmaheap_buffer **buffer)
{
	union control control;
	char data;
	struct iovec byte = { .iov_base = &data, .iov_len = 1 };
	struct msghdr message = message_of(&byte, &control);
	struct cmsghdr *header;
	ssize_t got;
	int fd, ret;

	if (!buffer)
		return -EINVAL;
	got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	if (got < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (!header)
		return got ? -EBADMSG : -EPIPE;
	if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	fd = only_fd(header);
	if (fd < 0)
		return fd;
	ret = dmaheap_buffer_take(NULL, fd, buffer);
	return ret == -EINVAL ? -EBADMSG : ret;
}
