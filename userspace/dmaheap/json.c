// SPDX-License-Identifier: MIT
/* Print JSON to standard output, for programs. */
#include <stdio.h>
#include <string.h>

#include "json.h"

#define DEPTH	8

/**
 * struct level - an open array or object
 * @end: its closing character
 * @members: number of members so far
 * @lines: each member is on a separate line
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

/* The length of the UTF-8 character at @text; 0 if it is invalid. */
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
	/* Overlong, a surrogate, or above the maximum. */
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

/* Begin a member: print comma, indentation and key. */
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
