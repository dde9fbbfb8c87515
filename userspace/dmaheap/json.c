// SPDX-License-Identifier: MIT
/* JSON for programs, on standard output. */
#include <stdio.h>
#include <string.h>

#include "json.h"

#define DEPTH	8

/**
 * struct level - an array or object that has begun
 * @end: its last character
 * @members: so far
 * @lines: it has a line for each member
 */
struct level {
	char end;
	unsigned int members;
	bool lines;
};

static struct level levels[DEPTH];
static unsigned int depth;
static bool on_one_line;

void json_one_line(void)
{
	on_one_line = true;
}

static void new_line(void)
{
	printf("\n%*s", 2 * (int)depth, "");
}

/* Bytes at @text that are one character in UTF-8; 0 if they are none. */
static unsigned int character(const unsigned char *text)
{
	unsigned int value, len, i;

	if (*text < 0x80)
		return 1;
	len = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
	if (*text < 0xc2 || *text > 0xf4)
		return 0;
	value = *text & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	/* Longer than it has to be, half of a pair, or beyond the last. */
	if ((len == 3 && value < 0x800) || (len == 4 && value < 0x10000) ||
	    (value >= 0xd800 && value < 0xe000) || value > 0x10ffff)
		return 0;
	return len;
}

static void print_string(const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	putchar('"');
	while (*text) {
		unsigned int len = character(text);

		if (!len)
			fputs("\\ufffd", stdout);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if (*text < 0x20 || *text == 0x7f)
			printf("\\u%04x", *text);
		else
			fwrite(text, 1, len, stdout);
		text += len ? len : 1;
	}
	putchar('"');
}

/* What comes before a member: a comma, its place, its key. */
static void member(const char *key, bool line)
{
	if (depth) {
		struct level *level = &levels[depth - 1];

		line &= level->end == ']' && !on_one_line;
		if (level->members++)
			fputs(line ? "," : ", ", stdout);
		if (line)
			new_line();
		level->lines |= line;
	}
	if (key) {
		print_string(key);
		fputs(": ", stdout);
	}
}

static void begin(const char *key, const char *ends)
{
	member(key, true);
	putchar(ends[0]);
	levels[depth++] = (struct level) { .end = ends[1] };
}

void json_begin_object(const char *key)
{
	begin(key, "{}");
}

void json_begin_array(const char *key)
{
	begin(key, "[]");
}

void json_end(void)
{
	const struct level *level = &levels[--depth];

	if (level->lines)
		new_line();
	putchar(level->end);
	if (!depth)
		putchar('\n');
}

void json_text(const char *key, const char *text)
{
	member(key, false);
	print_string(text);
}

void json_number(const char *key, uint64_t number)
{
	member(key, false);
	printf("%llu", (unsigned long long)number);
}

void json_seconds(const char *key, double seconds)
{
	member(key, false);
	printf("%.3f", seconds);
}

void json_bool(const char *key, bool value)
{
	member(key, false);
	fputs(value ? "true" : "false", stdout);
}
