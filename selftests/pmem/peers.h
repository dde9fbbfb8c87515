/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of legacy_client and modern_peer: over a Unix socket, the peer's standard input,
 * each sends the other a buffer as a file descriptor, and one byte for each finished step.
 */
#ifndef PMEM_PEERS_H
#define PMEM_PEERS_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../pass_fd.h"

#define WIDTH	64
#define HEIGHT	16
#define PICTURE	(WIDTH * HEIGHT * 4)
#define BUFFER	(((PICTURE) + 4095) / 4096 * 4096)

#define CIRCLE	0x00ff4000
#define GROUND	0x00202040

static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

/* A disc; the other picture is the same with inverted colours. */
static inline uint32_t pixel(int x, int y, int inverted)
{
	int dx = x - WIDTH / 2, dy = 2 * (y - HEIGHT / 2);
	int inside = dx * dx + dy * dy < HEIGHT * HEIGHT * 3 / 4;

	return inside != inverted ? CIRCLE : GROUND;
}

static inline void draw(volatile uint32_t *picture, int inverted)
{
	int x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			picture[y * WIDTH + x] = pixel(x, y, inverted);
}

static inline int drawn(const volatile uint32_t *picture, int inverted)
{
	int x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			if (picture[y * WIDTH + x] != pixel(x, y, inverted))
				return 0;
	return 1;
}

static inline void show(const char *who, const volatile uint32_t *picture)
{
	int x, y;

	for (y = 0; y < HEIGHT; y += 2) {
		printf("%s: ", who);
		for (x = 0; x < WIDTH; x++)
			putchar(picture[y * WIDTH + x] == CIRCLE ? '#' : '.');
		putchar('\n');
	}
}

static inline void send_buffer(int socket, int fd)
{
	if (!send_fd(socket, fd))
		die("sendmsg");
}

static inline int receive_buffer(int socket)
{
	int fd = receive_fd(socket);

	if (fd < 0) {
		fprintf(stderr, "the other side sent no buffer\n");
		exit(1);
	}
	return fd;
}

/* Let the other process continue, and wait for it. */
static inline void tell(int socket)
{
	if (send(socket, "", 1, MSG_NOSIGNAL) != 1)
		die("send");
}

static inline void wait_for_other(int socket)
{
	char byte;

	if (recv(socket, &byte, 1, 0) != 1) {
		fprintf(stderr, "the other side has gone\n");
		exit(1);
	}
}

#endif /* PMEM_PEERS_H */
