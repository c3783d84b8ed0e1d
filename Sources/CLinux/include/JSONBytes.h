#ifndef GATEWAY_JSON_BYTES_H
#define GATEWAY_JSON_BYTES_H

#include <stddef.h>
#include <stdint.h>

// Writes and reads the bytes of JSON (RFC 8259 §7), several at a time where their number allows it. `space` is the caller's,
// who has made sure of the room that each function names; `at` is where to write, and what comes back is where to go on.

// A comma where `comma` is not 0, and "key": with its quotation marks; the key needs no escape. Room: count + 4.
size_t gateway_json_key(uint8_t *space, size_t at, const uint8_t *key, size_t count, int comma);

// A text in quotation marks, all but the bytes that need an escape as they are. Room: count + 2 where it needs none, or
// what `gateway_json_string_size` says: where there is less after all, nothing is written and 0 comes back.
size_t gateway_json_string(uint8_t *space, size_t at, size_t room, const uint8_t *text, size_t count);

// The bytes of a text in quotation marks.
size_t gateway_json_string_size(const uint8_t *text, size_t count);

// A whole number. Room: 20.
size_t gateway_json_integer(uint8_t *space, size_t at, int64_t value);

// A date and time of the years 0 to 9999, with a fraction of as few digits as it needs: 2023-12-05T12:34:56.1. Room: 29.
size_t gateway_json_time(uint8_t *space, size_t at, int year, int month, int day, int second_of_day, int nanosecond);

// From `from`, the first place of a quotation mark, a reverse solidus or a byte below `lowest`; `count` if there is none.
// `has_high` becomes 1 when a byte before it is 0x80 or more, and stays as it is otherwise.
size_t gateway_json_plain_end(const uint8_t *bytes, size_t from, size_t count, uint8_t lowest, int *has_high);

// Whether the bytes from `from` are these, and then a quotation mark.
int gateway_json_is_key(const uint8_t *bytes, size_t from, size_t count, const uint8_t *key, size_t length);

#endif
