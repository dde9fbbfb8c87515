/* SPDX-License-Identifier: GPL-2.0-only */
/* Pass a file descriptor over a Unix socket. For programs of every folder. */
#ifndef SELFTESTS_PASS_FD_H
#define SELFTESTS_PASS_FD_H

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

union fd_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

/* Send or receive one byte of data together with @control. */
static inline bool fd_message(int socket, union fd_control *control, bool send)
{
	char byte = 'f';
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};

	return (send ? sendmsg(socket, &message, MSG_NOSIGNAL) :
		       recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) == 1;
}

static inline bool send_fd(int socket, int fd)
{
	union fd_control control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(fd)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return fd_message(socket, &control, true);
}

/* Returns -1 if there is none. */
static inline int receive_fd(int socket)
{
	union fd_control control = {};
	int fd = -1;

	if (fd_message(socket, &control, false) && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

#endif /* SELFTESTS_PASS_FD_H */
