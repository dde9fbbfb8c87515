/* SPDX-License-Identifier: MIT */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Write JSON to standard output. Arrays and objects can be nested up to eight levels. Each object
 * in an array begins a line. @key is NULL in an array and for the outermost value, which ends with
 * a newline. Text should be UTF-8; invalid bytes are replaced by U+FFFD.
 */
void json_begin_array(const char *key);
void json_begin_object(const char *key);
void json_end(void);
void json_text(const char *key, const char *text);
void json_number(const char *key, uint64_t number);
void json_seconds(const char *key, double seconds);
void json_bool(const char *key, bool value);

/* From now on, print each outermost value in one line. */
void json_one_line(void);

#endif /* JSON_H */
