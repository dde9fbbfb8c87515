/* SPDX-License-Identifier: GPL-2.0-only */
/* Parsing sizes and addresses in parameters and sysfs. */
#ifndef CONTIG_BYTES_H
#define CONTIG_BYTES_H

#include <linux/kstrtox.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * bytes_parse() - read a number that may have a suffix
 * @text: a decimal number, or a hexadecimal one with the prefix 0x, optionally
 *	followed by K, M, G, T, P or E, in either case
 * @bytes: the number, on success
 * @end: the text after it
 *
 * memparse() would wrap a number that is too large to a small one.
 *
 * Return: 0, -EINVAL if there is no number, -ERANGE if it has more than 64 bits.
 */
static inline int bytes_parse(const char *text, u64 *bytes, const char **end)
{
	static const char suffixes[] = "kmgtpe";
	bool hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	size_t len = hex ? 2 + strspn(text + 2, "0123456789abcdefABCDEF") :
			   strspn(text, "0123456789");
	char number[32] = "";
	const char *suffix;
	int ret;

	*end = text + len;
	if (len >= sizeof(number))
		return -ERANGE;
	memcpy(number, text, len);
	ret = kstrtou64(number, hex ? 16 : 10, bytes);
	if (ret || !**end)
		return ret;
	suffix = strchr(suffixes, **end | 0x20);
	if (!suffix)
		return 0;
	(*end)++;
	return check_shl_overflow(*bytes, 10 * (suffix - suffixes + 1), bytes) ?
	       -ERANGE : 0;
}

/**
 * bytes_parse_all() - read a number that may be followed only by a newline
 * @text: as for bytes_parse()
 * @bytes: the number, on success
 *
 * Return: 0, -EINVAL if there is no number or other text follows, -ERANGE.
 */
static inline int bytes_parse_all(const char *text, u64 *bytes)
{
	const char *end;
	int ret = bytes_parse(text, bytes, &end);

	if (!ret && *end == '\n')
		end++;
	return ret ?: *end ? -EINVAL : 0;
}

/**
 * bytes_param() - read a module parameter that is a size
 * @name: name of the parameter
 * @text: its value, or NULL if it is not set
 * @otherwise: default, also if @text is invalid; that is logged
 *
 * Return: bytes.
 */
static inline u64 bytes_param(const char *name, const char *text, u64 otherwise)
{
	u64 bytes;

	if (!text)
		return otherwise;
	if (!bytes_parse_all(text, &bytes))
		return bytes;
	pr_err("%s=%s: must be a size, ignored\n", name, text);
	return otherwise;
}

#endif /* CONTIG_BYTES_H */
