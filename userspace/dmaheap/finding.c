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
 * struct look - how a kind of finding is printed
 * @key: name in JSON
 * @word: text for people
 * @paint: colour of the text
 */
struct look {
	const char *key, *word, *paint;
};

static const struct look looks[] = {
	[FINDING_GOOD] = { "ok", "ok", GREEN },
	[FINDING_NOTE] = { "note", "note", YELLOW },
	[FINDING_PROBLEM] = { "problem", "PROBLEM", RED },
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

void finding(enum finding_kind kind, const char *format, ...)
{
	const struct look *look = &looks[kind];
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (json) {
		end_one();
		json_begin_object(NULL);
		json_text("kind", look->key);
		json_text("text", text);
		json_begin_array("advice");
	} else {
		printf("%s%-8s%s %s\n", colour ? look->paint : "", look->word, colour ? RESET : "",
		       text);
	}
	nr_findings++;
	nr_problems += kind == FINDING_PROBLEM;
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
