#include "ByteScan.h"

#include <string.h>

// Every loop ORs faults together and ends where it must: without a way out in the middle the compiler takes sixteen bytes
// in each step.

typedef uint8_t byte;

static inline byte is_blank(byte b) { return (b == 0x20) | (b == 0x09); }

static inline byte is_target(byte b) {
  // ! $-; = ?-Z _ a-z ~
  return ((byte)(b - 0x24) < 0x18) | ((byte)(b - 0x3f) < 0x1c) | ((byte)(b - 0x61) < 26) | (b == 0x21) | (b == 0x3d) |
         (b == 0x5f) | (b == 0x7e);
}

static inline byte is_hexadecimal(byte b) { return ((byte)(b - 0x30) < 10) | ((byte)((b | 0x20) - 0x61) < 6); }

bool gateway_are_field_value(const byte *bytes, size_t count) {
  byte faults = 0;
  for (size_t i = 0; i < count; i++) faults |= ((bytes[i] < 0x20) & (bytes[i] != 0x09)) | (bytes[i] == 0x7f);
  return !faults;
}

bool gateway_are_printable(const byte *bytes, size_t count) {
  byte faults = 0;
  for (size_t i = 0; i < count; i++) faults |= (byte)(bytes[i] - 0x20) > 0x5e;
  return !faults;
}

bool gateway_are_token(const byte *bytes, size_t count) {
  byte faults = 0;
  for (size_t i = 0; i < count; i++) {
    byte b = bytes[i];
    // What is not visible, and the delimiters: "(),/:;<=>?@[\]{}
    faults |= ((byte)(b - 0x21) > 0x5d) | (b == 0x22) | ((b & 0xfe) == 0x28) | (b == 0x2c) | (b == 0x2f) |
              ((byte)(b - 0x3a) < 7) | ((byte)(b - 0x5b) < 3) | (b == 0x7b) | (b == 0x7d);
  }
  return !faults;
}

static inline byte are_blanks(const byte *bytes) {
  byte others = 0;
  for (int i = 0; i < 64; i++) others |= !is_blank(bytes[i]);
  return !others;
}

size_t gateway_leading_blanks(const byte *bytes, size_t count) {
  size_t found = 0;
  while (count - found >= 64 && are_blanks(bytes + found)) found += 64;
  while (found < count && is_blank(bytes[found])) found++;
  return found;
}

size_t gateway_trailing_blanks(const byte *bytes, size_t count) {
  size_t rest = count;
  while (rest >= 64 && are_blanks(bytes + rest - 64)) rest -= 64;
  while (rest > 0 && is_blank(bytes[rest - 1])) rest--;
  return count - rest;
}

bool gateway_are_query(const byte *bytes, size_t count) {
  byte faults = 0;
  // The last two bytes can begin no escape.
  for (size_t i = count < 2 ? 0 : count - 2; i < count; i++) faults |= (!is_target(bytes[i])) | (bytes[i] == 0x25);
  // Most have no escapes.
  if (!memchr(bytes, 0x25, count)) {
    for (size_t i = 0; i < count; i++) faults |= !is_target(bytes[i]);
    return !faults;
  }
  for (size_t i = 0; i + 2 < count; i++) {
    byte high = bytes[i + 1], low = bytes[i + 2], small = low | 0x20;
    byte forbidden = (high == 0x30) & ((low == 0x30) | (small == 0x61) | (small == 0x64));
    byte bad = !(is_hexadecimal(high) & is_hexadecimal(low));
    faults |= (!is_target(bytes[i])) | ((bytes[i] == 0x25) & (bad | forbidden));
  }
  return !faults;
}

bool gateway_are_path(const byte *bytes, size_t count) {
  byte faults = 0;
  for (size_t i = 0; i < count; i++) {
    faults |= (!is_target(bytes[i])) | (bytes[i] == 0x3b) | (bytes[i] == 0x3f) | (bytes[i] == 0x25);
  }
  for (size_t i = 0; i + 1 < count; i++) faults |= (bytes[i] == 0x2f) & (bytes[i + 1] == 0x2f);
  for (size_t i = 0; i + 2 < count; i++) {
    faults |= (bytes[i] == 0x2f) & (bytes[i + 1] == 0x2e) & (bytes[i + 2] == 0x2f);
  }
  for (size_t i = 0; i + 3 < count; i++) {
    faults |= (bytes[i] == 0x2f) & (bytes[i + 1] == 0x2e) & (bytes[i + 2] == 0x2e) & (bytes[i + 3] == 0x2f);
  }
  // A dot segment at the end.
  if (count > 1) faults |= (bytes[count - 2] == 0x2f) & (bytes[count - 1] == 0x2e);
  if (count > 2) faults |= (bytes[count - 3] == 0x2f) & (bytes[count - 2] == 0x2e) & (bytes[count - 1] == 0x2e);
  return !faults;
}
