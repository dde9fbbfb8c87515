// SPDX-License-Identifier: MIT
/*
 * Allocate a buffer in one process and use it in another, over a Unix socket.
 *
 *	share give SOCKET HEAP...	waits for a peer, gives it a buffer, prints its answer
 *	share take SOCKET		takes the buffer, reads it and writes its answer into it
 *
 * Uses the first HEAP that exists.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <dmaheap.h>

#define SIZE	(1 << 20)

static void check(int error, const char *what)
{
	if (error)
		errx(1, "%s: %s", what, dmaheap_strerror(error));
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		errx(2, "%s: the name is too long for a socket", path);
	strcpy(address.sun_path, path);
	return address;
}

static void write_text(struct dmaheap_buffer *buffer, const char *text)
{
	struct dmaheap_access access;

	check(dmaheap_access_begin(buffer, 0, 0, DMAHEAP_WRITE, &access), "write");
	snprintf(access.data, access.len, "%s", text);
	check(dmaheap_access_end(&access), "write");
}

static void show_text(struct dmaheap_buffer *buffer)
{
	struct dmaheap_access access;

	check(dmaheap_access_begin(buffer, 0, 0, DMAHEAP_READ, &access), "read");
	/* The other process may write anything, even without a terminator. */
	printf("%.*s\n", 256, (char *)access.data);
	check(dmaheap_access_end(&access), "read");
}

static void give(const char *path, const char *const *names)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct sockaddr_un address = address_of(path);
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	struct dmaheap_buffer *buffer;
	struct dmaheap *heap;
	char byte;

	check(dmaheap_open_first(names, &heap), "open");
	options.name = "shared";
	check(dmaheap_alloc(heap, SIZE, &options, &buffer), dmaheap_name(heap));
	write_text(buffer, "a picture, if this were a camera");

	if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(server, 1))
		err(1, "%s", path);
	peer = accept(server, NULL, NULL);
	if (peer < 0)
		err(1, "%s", path);
	check(dmaheap_buffer_send(buffer, peer), "send");
	/* The peer closes its end after its answer. */
	if (read(peer, &byte, 1) != 0)
		errx(1, "the peer is gone");
	show_text(buffer);
	close(peer);
	close(server);
	unlink(path);
	dmaheap_buffer_unref(buffer);
	dmaheap_unref(heap);
}

static void take(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct dmaheap_buffer *buffer;

	if (peer < 0 || connect(peer, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	/* This needs no heap, nor the permission to open one. */
	check(dmaheap_buffer_receive(peer, &buffer), "receive");
	printf("%llu bytes: ", (unsigned long long)dmaheap_buffer_size(buffer));
	show_text(buffer);
	write_text(buffer, "thank you");
	close(peer);
	dmaheap_buffer_unref(buffer);
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "give"))
		give(argv[2], (const char *const *)argv + 3);
	else if (argc == 3 && !strcmp(argv[1], "take"))
		take(argv[2]);
	else
		errx(2, "usage: share give SOCKET HEAP... | share take SOCKET");
	return 0;
}
