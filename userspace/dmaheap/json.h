/* SPDX-License-Identifier: MIT */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A writer of JSON to standard output. Arrays and objects nest, eight deep at most, and each object
 * in an array begins a line. @key is NULL in an array and for what is outermost; that ends with a
 * line. Text is taken as UTF-8, and what is not becomes U+FFFD.
 */
void json_begin_array(const char *key);
void json_begin_object(const char *key);
void json_end(void);
void json_text(const char *key, const char *text);
void json_number(const char *key, uint64_t number);
void json_seconds(const char *key, double seconds);
void json_bool(const char *key, bool value);

/* From now on, all of what is outermost is one line. */
void json_one_line(void);

#endif /* JSON_H */
