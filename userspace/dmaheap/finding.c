// SPDX-License-Identifier: MIT
/* Findings and advice of "dmaheap doctor". */
#include <stdarg.h>

#include "finding.h"
#include "json.h"
#include "tool.h"

#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define RED	"\033[1;31m"
#define RESET	"\033[0m"

/**
 * struct kind - kind of a finding
 * @key: name in JSON
 * @word: text for people
 * @paint: colour of the text
 */
struct kind {
	const char *key, *word, *paint;
};

static bool json, colour;
static unsigned int nr_findings, nr_problems;

void findings_begin(bool as_json)
{
	json = as_json;
	colour = use_colour(NULL);
	if (json)
		json_begin_array(NULL);
}

static void end_one(void)
{
	if (!json || !nr_findings)
		return;
	json_end();
	json_end();
}

void findings_end(void)
{
	end_one();
	if (json)
		json_end();
}

static void say(const struct kind *kind, const char *format, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	if (json) {
		end_one();
		json_begin_object(NULL);
		json_text("kind", kind->key);
		json_text("text", text);
		json_begin_array("advice");
	} else {
		printf("%s%-8s%s %s\n", colour ? kind->paint : "", kind->word, colour ? RESET : "",
		       text);
	}
	nr_findings++;
}

void good(const char *format, ...)
{
	static const struct kind kind = { "ok", "ok", GREEN };
	va_list args;

	va_start(args, format);
	say(&kind, format, args);
	va_end(args);
}

void note(const char *format, ...)
{
	static const struct kind kind = { "note", "note", YELLOW };
	va_list args;

	va_start(args, format);
	say(&kind, format, args);
	va_end(args);
}

void problem(const char *format, ...)
{
	static const struct kind kind = { "problem", "PROBLEM", RED };
	va_list args;

	va_start(args, format);
	say(&kind, format, args);
	va_end(args);
	nr_problems++;
}

void advise(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (json)
		json_text(NULL, text);
	else
		printf("%8s %s\n", "", text);
}

unsigned int problems(void)
{
	return nr_problems;
}
