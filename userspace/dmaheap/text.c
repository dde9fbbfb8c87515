// SPDX-License-Identifier: MIT
/* Parse and format text: sizes, numbers, small files. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#ifdef DMAHEAP_TEST_ROOT
const char *root(void)
{
	const char *folder = getenv("DMAHEAP_ROOT");

	return folder ? folder : "";
}
#endif

/* The exponent for a unit, such as "16M", "16m", "16MiB"; -1 for anything else. */
static int unit_shift(const char *text)
{
	static const char units[] = "KMGT";
	const char *unit;

	if (!*text)
		return 0;
	unit = strchr(units, toupper((unsigned char)*text++));
	if (!unit)
		return -1;
	if (toupper((unsigned char)*text) == 'I')
		text++;
	if (toupper((unsigned char)*text) == 'B')
		text++;
	return *text ? -1 : 10 * (unit - units + 1);
}

/* Decimal or, with 0x, hexadecimal; a leading 0 does not mean octal. */
static unsigned long long number(const char *text, char **end)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	errno = 0;
	return strtoull(text, end, hex ? 16 : 10);
}

/* The value of the digits after a point, as a fraction of 1 << @shift. */
static uint64_t fraction(const char *text, size_t digits, int shift)
{
	uint64_t value = 0, scale = 1;

	for (; digits; digits--, text++) {
		value = value * 10 + (*text - '0');
		scale *= 10;
	}
	return (value << shift) / scale;
}

/*
 * Accepts "4096", "64K", "0x1000", "16MiB", "1.5G": binary units only; fractions of a byte are cut
 * off. Returns false for anything else, or an overflow.
 */
bool parse_size(const char *text, uint64_t *size)
{
	const char *point = NULL;
	uint64_t value, part = 0;
	size_t digits = 0;
	int shift;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	value = number(text, &end);
	if (errno)
		return false;
	if (*end == '.') {
		point = end + 1;
		digits = strspn(point, "0123456789");
		end += 1 + digits;
	}
	shift = unit_shift(end);
	if (shift < 0 || value << shift >> shift != value)
		return false;
	if (point) {
		/* Six digits of a TiB do not overflow. */
		if (!digits || digits > 6 || !shift)
			return false;
		part = fraction(point, digits, shift);
	}
	*size = (value << shift) + part;
	return true;
}

bool parse_number(const char *text, unsigned long max, unsigned long *result)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	value = number(text, &end);
	if (errno || *end || value > max)
		return false;
	*result = value;
	return true;
}

/* Rounded; to a tenth if there are fewer than three digits before it. */
const char *size_text(uint64_t size, char *buf, size_t len)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;
	double value = size;

	/* 1023.5 or more would be rounded to 1024. */
	for (; unit + 1 < ARRAY_SIZE(units) && value >= (unit ? 1023.5 : 1024); unit++)
		value /= 1024;
	snprintf(buf, len, "%.*f", value < 99.95 && unit, value);
	if (strlen(buf) > 2 && !strcmp(buf + strlen(buf) - 2, ".0"))
		buf[strlen(buf) - 2] = '\0';
	snprintf(buf + strlen(buf), len - strlen(buf), " %s", units[unit]);
	return buf;
}

/* An offset in a region, with at least eight digits. */
const char *place_text(uint64_t offset, char *buf, size_t len)
{
	snprintf(buf, len, "0x%08llx", (unsigned long long)offset);
	return buf;
}

/* Names from others must not contain control sequences. */
void print_safe(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static char *read_path(const char *path)
{
	size_t len = 0, size = 4096;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text, *larger;
	ssize_t got;

	if (fd < 0)
		return NULL;
	text = malloc(size);
	while (text && (got = read(fd, text + len, size - len - 1)) > 0) {
		len += got;
		if (len + 1 < size)
			continue;
		size *= 2;
		larger = realloc(text, size);
		if (!larger)
			free(text);
		text = larger;
	}
	close(fd);
	if (text)
		text[len] = '\0';
	return text;
}

/* The contents of a file, to be freed; NULL with errno set on failure. */
char *read_file(const char *format, ...)
{
	char path[4096];
	size_t used = snprintf(path, sizeof(path), "%s", root());
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path + used, sizeof(path) - used, format, args);
	va_end(args);
	if (len < 0 || used + len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return read_path(path);
}

/* Read a file that contains a number. */
bool read_u64(uint64_t *value, const char *format, ...)
{
	char path[4096], *text, *end;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(path))
		return false;
	text = read_file("%s", path);
	if (!text)
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	len = !errno && end != text && (*end == '\n' || !*end);
	free(text);
	return len;
}

/* "always", "never", or depending on whether stdout is a terminal and NO_COLOR is not set. */
bool use_colour(const char *when)
{
	const char *no = getenv("NO_COLOR");

	if (when && !strcmp(when, "always"))
		return true;
	if (when && !strcmp(when, "never"))
		return false;
	return isatty(STDOUT_FILENO) && !(no && *no);
}

/* Get the name of the cached variant of an uncached heap; false if the name has no such suffix. */
bool strip_uncached(const char *name, char *buf, size_t len)
{
	size_t n = strlen(name), end = strlen("-uncached");

	if (n <= end || strcmp(name + n - end, "-uncached"))
		return false;
	snprintf(buf, len, "%.*s", (int)(n - end), name);
	return true;
}
