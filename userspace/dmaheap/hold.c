// SPDX-License-Identifier: MIT
/* Keep a buffer, for users and for programs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

/**
 * hold() - keep a buffer until standard input has a line, or ends
 * @buffer: the buffer
 */
void hold(const struct dmaheap_buffer *buffer)
{
	char c;

	printf("holding %llu bytes, fd %d of process %d, until a line on standard input\n",
	       (unsigned long long)dmaheap_buffer_size(buffer), dmaheap_buffer_fd(buffer),
	       getpid());
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

/**
 * run_program() - run a program that inherits a buffer
 * @argv: the program and its arguments
 * @buffer: the buffer; $DMAHEAP_FD contains its file descriptor
 *
 * Return: its exit status, or a status of the tool after a message.
 */
int run_program(char **argv, struct dmaheap_buffer *buffer)
{
	char number[16];
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return fail(-errno, "cannot start a process");
	if (!pid) {
		int fd = fcntl(dmaheap_buffer_fd(buffer), F_DUPFD, 3);

		snprintf(number, sizeof(number), "%d", fd);
		if (fd >= 0 && !setenv("DMAHEAP_FD", number, 1))
			execvp(*argv, argv);
		fprintf(stderr, "dmaheap: %s: %s\n", *argv, strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(-errno, "cannot wait for the process");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
