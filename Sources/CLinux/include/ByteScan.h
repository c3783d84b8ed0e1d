#ifndef GATEWAY_BYTE_SCAN_H
#define GATEWAY_BYTE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Checks of many bytes, in C because its compiler looks at sixteen at a time. Each reads `count` bytes from `bytes`, no
// byte more, keeps no pointer, and looks at every byte, wrong ones before it or not.

// Whether all may stand in a field's value: what is visible, blanks, tabs, and bytes from 0x80.
bool gateway_are_field_value(const uint8_t *bytes, size_t count);

// Whether all are printable ASCII, 0x20 to 0x7e.
bool gateway_are_printable(const uint8_t *bytes, size_t count);

// Whether all are tchar (RFC 9110 §5.6.2).
bool gateway_are_token(const uint8_t *bytes, size_t count);

// How many blanks and tabs there are at the beginning, and at the end.
size_t gateway_leading_blanks(const uint8_t *bytes, size_t count);
size_t gateway_trailing_blanks(const uint8_t *bytes, size_t count);

// Whether they are a query: bytes that may stand in one, whole escapes, and none of NUL, LF or CR.
bool gateway_are_query(const uint8_t *bytes, size_t count);

// Whether they are the path of a target, without escapes: bytes that may stand in one, and neither empty nor dot segments
// but for an empty last one. The first byte is a slash.
bool gateway_are_path(const uint8_t *bytes, size_t count);

#endif
