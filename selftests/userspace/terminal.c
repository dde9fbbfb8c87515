// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tool on a terminal: the contents of its screen, whether it follows the terminal's size, and
 * whether it restores the terminal. Nothing depends on timing: a test waits for an event, or the
 * runner detects a hang.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <kselftest_harness.h>

#include <dmaheap.h>

#include "vt.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	(-1)

#define MiB(n)	((size_t)(n) << 20)
/* So long that only the first update is caused by time. */
#define RARELY	"--interval=86400000"

static char tool[4096];

/* The tool is in the folder of this program. */
static const char *path_of_tool(void)
{
	ssize_t len = readlink("/proc/self/exe", tool, sizeof(tool) - 16);
	char *slash;

	tool[len < 0 ? 0 : len] = '\0';
	slash = strrchr(tool, '/');
	memcpy(slash ? slash + 1 : tool, "dmaheap", sizeof("dmaheap"));
	return tool;
}

FIXTURE(terminal) {
	struct vt vt;
	struct termios before;
	int master;
	int slave;
	pid_t pid;
};

static void set_size(int fd, unsigned int columns, unsigned int lines)
{
	struct winsize size = { .ws_col = columns, .ws_row = lines };

	ioctl(fd, TIOCSWINSZ, &size);
}

FIXTURE_SETUP(terminal)
{
	ASSERT_EQ(0, openpty(&self->master, &self->slave, NULL, NULL, NULL));
	ASSERT_EQ(0, tcgetattr(self->slave, &self->before));
	fcntl(self->master, F_SETFD, FD_CLOEXEC);
	setenv("TERM", "xterm-256color", 1);
	unsetenv("NO_COLOR");
	self->pid = 0;
}

FIXTURE_TEARDOWN(terminal)
{
	if (self->pid) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	close(self->slave);
	close(self->master);
}

/* Start the tool on that terminal; without @keys, its input is not the terminal. */
static void start(FIXTURE_DATA(terminal) *self, unsigned int columns, unsigned int lines,
		  bool keys, char **argv)
{
	set_size(self->master, columns, lines);
	vt_init(&self->vt, columns, lines);
	self->pid = fork();
	if (self->pid)
		return;
	/* Scripts ignore these signals in background jobs, which this program may be. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (!keys)
		dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	else if (login_tty(self->slave))
		_exit(100);
	dup2(self->slave, STDOUT_FILENO);
	dup2(self->slave, STDERR_FILENO);
	execv(path_of_tool(), argv);
	_exit(101);
}

#define START(columns, lines, ...)					\
	start(self, columns, lines, true, (char *[]){ "dmaheap", __VA_ARGS__, NULL })

/* Read its output; false at the end. */
static bool take(FIXTURE_DATA(terminal) *self)
{
	char bytes[4096];
	ssize_t len = read(self->master, bytes, sizeof(bytes));

	if (len > 0)
		vt_feed(&self->vt, bytes, len);
	return len > 0;
}

/* Wait until the line with this prefix contains @text. */
static const char *wait_for(FIXTURE_DATA(terminal) *self, const char *line, const char *text)
{
	const char *found;

	do {
		found = vt_line(&self->vt, line);
		if (found && strstr(found, text) && vt_line(&self->vt, "every"))
			return found;
	} while (take(self));
	return NULL;
}

/* Wait until the line with this prefix does not contain @text. */
static bool wait_until_not(FIXTURE_DATA(terminal) *self, const char *line, const char *text)
{
	const char *found;

	do {
		found = vt_line(&self->vt, line);
		if (found && !strstr(found, text) && vt_line(&self->vt, "every"))
			return true;
	} while (take(self));
	return false;
}

/* Wait until no line has this prefix. */
static bool wait_until_gone(FIXTURE_DATA(terminal) *self, const char *line)
{
	while (vt_line(&self->vt, line))
		if (!take(self))
			return false;
	return true;
}

static void press(FIXTURE_DATA(terminal) *self, char key)
{
	while (write(self->master, &key, 1) < 0 && errno == EINTR)
		;
}

/* Return its exit status. Reads its remaining output, which could block it. */
static int finish(FIXTURE_DATA(terminal) *self, int options)
{
	int status, flags = fcntl(self->master, F_GETFL);
	pid_t pid;

	fcntl(self->master, F_SETFL, flags | O_NONBLOCK);
	while (!(pid = waitpid(self->pid, &status, options | WNOHANG))) {
		poll(&(struct pollfd){ .fd = self->master, .events = POLLIN }, 1, 20);
		take(self);
	}
	while (take(self))
		;
	fcntl(self->master, F_SETFL, flags);
	if (pid != self->pid)
		return -1;
	if (!WIFSTOPPED(status))
		self->pid = 0;
	return status;
}

/* Is the terminal in its original state? */
static bool given_back(FIXTURE_DATA(terminal) *self)
{
	struct termios now;

	return !tcgetattr(self->slave, &now) && now.c_lflag == self->before.c_lflag &&
	       now.c_iflag == self->before.c_iflag && now.c_oflag == self->before.c_oflag &&
	       !memcmp(now.c_cc, self->before.c_cc, sizeof(now.c_cc)) &&
	       !vt_mode(&self->vt, VT_OTHER_SCREEN) && vt_mode(&self->vt, VT_CURSOR) &&
	       vt_mode(&self->vt, VT_WRAP);
}

static bool taken(FIXTURE_DATA(terminal) *self)
{
	return vt_mode(&self->vt, VT_OTHER_SCREEN) && !vt_mode(&self->vt, VT_CURSOR) &&
	       !vt_mode(&self->vt, VT_WRAP);
}

static int allocate(const char *name, size_t size, struct dmaheap_buffer **buffer)
{
	struct dmaheap *heap;
	int ret = dmaheap_open(name, &heap);

	if (ret)
		return ret;
	ret = dmaheap_alloc(heap, size, NULL, buffer);
	dmaheap_unref(heap);
	return ret;
}

#define EXPECT_NOTHING_LOST()						\
	do {								\
		EXPECT_EQ(0U, self->vt.lost);				\
		EXPECT_EQ(0U, self->vt.unknown);			\
	} while (0)

TEST_F(terminal, shows_all_that_fits)
{
	static const struct {
		unsigned int columns, lines;
		bool buffers, largest;
	} sizes[] = {
		{ 40, 20, false, false }, { 60, 20, true, false }, { 80, 24, true, false },
		{ 100, 30, true, true }, { 200, 50, true, true },
	};
	const char *line;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		TH_LOG("%u columns", sizes[i].columns);
		START(sizes[i].columns, sizes[i].lines, "watch", RARELY);
		ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
		EXPECT_TRUE(taken(self));
		line = vt_line(&self->vt, "REGION ");
		ASSERT_NE(NULL, line);
		EXPECT_NE(NULL, strstr(line, " FREE"));
		EXPECT_EQ(sizes[i].buffers, !!strstr(line, " BUFFERS"));
		EXPECT_EQ(sizes[i].largest, !!strstr(line, " LARGEST"));
		EXPECT_NE(NULL, strstr(vt_line(&self->vt, "adsp "), "["));
		/* The longest name, perhaps truncated, and aliases. */
		EXPECT_NE(NULL, vt_line(&self->vt, "default_cma_reg"));
		EXPECT_NE(NULL, vt_line(&self->vt, "  cma linux,cma "));
		EXPECT_NE(0U, self->vt.coloured);
		press(self, 'q');
		EXPECT_EQ(0, finish(self, 0));
		EXPECT_NOTHING_LOST();
	}
}

TEST_F(terminal, says_what_does_not_fit)
{
	START(80, 8, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "and ", " more"));
	/* The screen did not scroll, so the first line is the header. */
	EXPECT_EQ(0, strncmp(vt_text(&self->vt, 0), "REGION ", 7));
	EXPECT_NOTHING_LOST();
}

TEST_F(terminal, follows_its_size)
{
	START(80, 24, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "REGION ", " BUFFERS"));
	vt_resize(&self->vt, 40, 8);
	set_size(self->master, 40, 8);
	ASSERT_NE(NULL, wait_for(self, "and ", " more"));
	ASSERT_TRUE(wait_until_not(self, "REGION ", "BUFF"));
	EXPECT_NE(NULL, strstr(vt_line(&self->vt, "REGION "), " FREE"));
	vt_resize(&self->vt, 200, 50);
	set_size(self->master, 200, 50);
	ASSERT_NE(NULL, wait_for(self, "REGION ", " LARGEST"));
	EXPECT_TRUE(wait_until_gone(self, "and "));
	/* Hardly any room. */
	vt_resize(&self->vt, 1, 1);
	set_size(self->master, 1, 1);
	press(self, 'q');
	EXPECT_EQ(0, finish(self, 0));
	EXPECT_EQ(0U, self->vt.unknown);
	EXPECT_TRUE(given_back(self));
}

TEST_F(terminal, shows_what_comes_and_goes)
{
	struct dmaheap_buffer *buffer;

	START(100, 30, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "adsp ", "48 MiB"));
	ASSERT_EQ(0, allocate("adsp", MiB(8), &buffer));
	press(self, ' ');
	ASSERT_NE(NULL, wait_for(self, "adsp ", "+8 MiB"));
	EXPECT_NE(NULL, strstr(vt_line(&self->vt, "adsp "), "40 MiB"));
	EXPECT_NE(NULL, strstr(vt_line(&self->vt, "adsp "), "[#"));
	dmaheap_buffer_unref(buffer);
	press(self, ' ');
	ASSERT_NE(NULL, wait_for(self, "adsp ", "-8 MiB"));
	EXPECT_EQ(NULL, strstr(vt_line(&self->vt, "adsp "), "[#"));
	EXPECT_NOTHING_LOST();
}

TEST_F(terminal, what_was_seen_last_stays)
{
	START(80, 24, "watch", "--count=2", "--interval=1");
	EXPECT_EQ(0, finish(self, 0));
	EXPECT_TRUE(given_back(self));
	EXPECT_NE(NULL, vt_line(&self->vt, "adsp "));
	EXPECT_EQ(NULL, vt_line(&self->vt, "every "));
	EXPECT_NOTHING_LOST();
}

TEST_F(terminal, is_given_back)
{
	static const char keys[] = { 'q', 'Q', 4 /* ^D */, 3 /* ^C */, 28 /* ^\ */ };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct termios now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys) + ARRAY_SIZE(signals); i++) {
		START(80, 24, "watch", RARELY);
		ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
		EXPECT_TRUE(taken(self));
		tcgetattr(self->slave, &now);
		EXPECT_EQ(0U, now.c_lflag & (ECHO | ICANON));
		if (i < ARRAY_SIZE(keys))
			press(self, keys[i]);
		else
			kill(self->pid, signals[i - ARRAY_SIZE(keys)]);
		EXPECT_EQ(0, finish(self, 0));
		EXPECT_TRUE(given_back(self));
		EXPECT_NE(NULL, vt_line(&self->vt, "adsp "));
	}
}

TEST_F(terminal, is_given_back_for_a_while)
{
	START(80, 24, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
	press(self, 26 /* ^Z */);
	EXPECT_TRUE(WIFSTOPPED(finish(self, WUNTRACED)));
	EXPECT_TRUE(given_back(self));
	kill(self->pid, SIGCONT);
	ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
	EXPECT_TRUE(taken(self));
	press(self, 'q');
	EXPECT_EQ(0, finish(self, 0));
	EXPECT_TRUE(given_back(self));
}

TEST_F(terminal, other_keys_do_no_harm)
{
	int key;

	START(80, 24, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
	for (key = ' '; key < 127; key++)
		if (key != 'q' && key != 'Q' && key != '/')
			press(self, key);
	press(self, 'q');
	EXPECT_EQ(0, finish(self, 0));
	EXPECT_TRUE(given_back(self));
	EXPECT_NOTHING_LOST();
}

static void type(FIXTURE_DATA(terminal) *self, const char *keys)
{
	for (; *keys; keys++)
		press(self, *keys);
}

/* The row of the line with this prefix. */
static unsigned int row_of(FIXTURE_DATA(terminal) *self, const char *start)
{
	unsigned int row;

	for (row = 0; row < self->vt.lines; row++)
		if (!strncmp(vt_text(&self->vt, row), start, strlen(start)))
			return row;
	return row;
}

/* video is the largest region; the others have the same size, and keep their order. */
TEST_F(terminal, sorts)
{
	START(80, 30, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
	EXPECT_NE(NULL, wait_for(self, "every", "by name;"));
	EXPECT_GT(row_of(self, "mdp "), row_of(self, "adsp "));
	EXPECT_GT(row_of(self, "video "), row_of(self, "mdp "));
	press(self, '>');
	ASSERT_NE(NULL, wait_for(self, "every", "by free;"));
	EXPECT_GT(row_of(self, "adsp "), row_of(self, "video "));
	EXPECT_GT(row_of(self, "mdp "), row_of(self, "adsp "));
	press(self, 'r');
	ASSERT_NE(NULL, wait_for(self, "every", "by free reversed;"));
	EXPECT_GT(row_of(self, "video "), row_of(self, "mdp "));
	EXPECT_GT(row_of(self, "mdp "), row_of(self, "adsp "));
	type(self, "r<<");
	ASSERT_NE(NULL, wait_for(self, "every", "by change;"));
	type(self, ">r");
	ASSERT_NE(NULL, wait_for(self, "every", "by name reversed;"));
	EXPECT_GT(row_of(self, "mdp "), row_of(self, "video "));
	EXPECT_GT(row_of(self, "adsp "), row_of(self, "mdp "));
	EXPECT_NOTHING_LOST();
}

TEST_F(terminal, sorts_by_change)
{
	struct dmaheap_buffer *buffer;

	START(80, 30, "watch", RARELY);
	press(self, '<');
	ASSERT_NE(NULL, wait_for(self, "every", "by change"));
	EXPECT_GT(row_of(self, "mdp "), row_of(self, "adsp "));
	ASSERT_EQ(0, allocate("mdp", MiB(1), &buffer));
	press(self, ' ');
	ASSERT_NE(NULL, wait_for(self, "mdp ", "+1 MiB"));
	EXPECT_EQ(1U, row_of(self, "mdp "));
	dmaheap_buffer_unref(buffer);
}

/* While a filter is typed, letters are no commands. */
TEST_F(terminal, filters)
{
	START(80, 30, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "mdp ", "MiB"));
	type(self, "/qh");
	while (!vt_line(&self->vt, "names with: qh_"))
		ASSERT_TRUE(take(self));
	EXPECT_EQ(NULL, vt_line(&self->vt, "adsp "));
	type(self, "\177\b\177adsp-un\n");
	ASSERT_NE(NULL, wait_for(self, "every", "names with \"adsp-un\""));
	/* A heap of the region has that name. */
	EXPECT_NE(NULL, vt_line(&self->vt, "adsp "));
	EXPECT_EQ(NULL, vt_line(&self->vt, "mdp "));
	EXPECT_EQ(NULL, vt_line(&self->vt, "default_cma"));
	type(self, "/\033");
	ASSERT_NE(NULL, wait_for(self, "mdp ", "MiB"));
	EXPECT_NE(NULL, vt_line(&self->vt, "adsp "));
	EXPECT_EQ(NULL, strstr(vt_line(&self->vt, "every"), "names"));
	/* More than the filter can hold. */
	for (int i = 0; i < 200; i++)
		press(self, i % 2 ? '/' : 'a');
	type(self, "\004");
	EXPECT_EQ(0, finish(self, 0));
	EXPECT_TRUE(given_back(self));
}

TEST_F(terminal, pauses)
{
	struct dmaheap_buffer *buffer;

	START(80, 30, "watch", "--interval=10");
	ASSERT_NE(NULL, wait_for(self, "adsp ", "48 MiB"));
	press(self, 'p');
	ASSERT_NE(NULL, wait_for(self, "every", "time you press space"));
	ASSERT_EQ(0, allocate("adsp", MiB(8), &buffer));
	press(self, 'r');
	ASSERT_NE(NULL, wait_for(self, "every", "reversed"));
	EXPECT_NE(NULL, strstr(vt_line(&self->vt, "adsp "), "48 MiB"));
	press(self, ' ');
	ASSERT_NE(NULL, wait_for(self, "adsp ", "40 MiB"));
	dmaheap_buffer_unref(buffer);
	press(self, 'p');
	ASSERT_NE(NULL, wait_for(self, "adsp ", "48 MiB"));
}

TEST_F(terminal, remembers)
{
	struct dmaheap_buffer *buffer;

	START(80, 30, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "adsp ", "48 MiB"));
	press(self, 'l');
	ASSERT_NE(NULL, wait_for(self, "  _", ""));
	/* Half of it, all of it, none of it. */
	ASSERT_EQ(0, allocate("adsp", MiB(24), &buffer));
	press(self, ' ');
	ASSERT_NE(NULL, wait_for(self, "adsp ", "24 MiB"));
	dmaheap_buffer_unref(buffer);
	ASSERT_EQ(0, allocate("adsp", MiB(48), &buffer));
	press(self, ' ');
	ASSERT_NE(NULL, wait_for(self, "adsp ", " 0 B"));
	dmaheap_buffer_unref(buffer);
	press(self, ' ');
	ASSERT_NE(NULL, wait_for(self, "  _+@_", ""));
	press(self, 'l');
	EXPECT_TRUE(wait_until_gone(self, "  _"));
	EXPECT_NOTHING_LOST();
}

TEST_F(terminal, helps)
{
	static const char keys[] = { 'h', '?', 'x', ' ' };
	size_t i;

	START(80, 24, "watch", RARELY);
	for (i = 0; i < sizeof(keys); i++) {
		ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
		press(self, i % 2 ? '?' : 'h');
		ASSERT_NE(NULL, wait_for(self, "< > ", "sort"));
		EXPECT_TRUE(wait_until_gone(self, "adsp "));
		press(self, keys[i]);
	}
	EXPECT_NE(NULL, wait_for(self, "adsp ", "MiB"));
	press(self, 'h');
	press(self, 'q');
	EXPECT_EQ(0, finish(self, 0));
	/* The final screen is not the help. */
	EXPECT_NE(NULL, vt_line(&self->vt, "adsp "));
	EXPECT_NOTHING_LOST();
}

/* If the input is not its terminal, it does not read keys. */
TEST_F(terminal, without_keys)
{
	start(self, 80, 24, false, (char *[]){ "dmaheap", "watch", RARELY, NULL });
	ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
	kill(self->pid, SIGTERM);
	EXPECT_EQ(0, finish(self, 0));
	EXPECT_TRUE(given_back(self));
}

TEST_F(terminal, that_can_do_nothing)
{
	setenv("TERM", "dumb", 1);
	setenv("NO_COLOR", "1", 1);
	START(100, 50, "watch", "--count=2", "--interval=1");
	EXPECT_EQ(0, finish(self, 0));
	EXPECT_EQ(0U, self->vt.coloured);
	EXPECT_NE(NULL, vt_line(&self->vt, "adsp "));
	EXPECT_NOTHING_LOST();
}

TEST_F(terminal, without_colours)
{
	setenv("NO_COLOR", "1", 1);
	START(80, 24, "watch", RARELY);
	ASSERT_NE(NULL, wait_for(self, "adsp ", "MiB"));
	EXPECT_EQ(0U, self->vt.coloured);
	EXPECT_NOTHING_LOST();
}

/* The longest run of cells of the first buffer in a line, after its offset. */
static size_t longest_run(struct vt *vt)
{
	size_t longest = 0, len;
	unsigned int line;

	for (line = 0; line < vt->lines; line++) {
		len = strlen(vt_text(vt, line)) > 12 ? strspn(vt->text + 12, "a") : 0;
		if (len > longest)
			longest = len;
	}
	return longest;
}

/* Shows as many cells as fit, in countable lines. The buffer is longer than two of them. */
TEST_F(terminal, map_fits)
{
	static const struct {
		unsigned int columns, cells;
	} sizes[] = {
		{ 20, 16 }, { 40, 16 }, { 80, 64 }, { 132, 112 }, { 200, 128 },
	};
	struct dmaheap_buffer *buffer;
	size_t i;

	ASSERT_EQ(0, allocate("adsp", MiB(16), &buffer));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		START(sizes[i].columns, 99, "map", "adsp");
		EXPECT_EQ(0, finish(self, 0));
		EXPECT_NE(0U, self->vt.coloured);
		EXPECT_EQ(0U, self->vt.unknown);
		if (sizes[i].columns < 12 + 16)
			continue;
		EXPECT_EQ(sizes[i].cells, longest_run(&self->vt));
	}
	dmaheap_buffer_unref(buffer);
}

TEST_HARNESS_MAIN
