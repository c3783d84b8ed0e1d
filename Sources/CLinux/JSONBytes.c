#include "JSONBytes.h"

#include <string.h>

typedef uint8_t byte;

#define EACH(b) (0x0101010101010101ULL * (uint64_t)(b))

// The high bit of the lowest byte that is 0 is set, and perhaps those of bytes above it.
static inline uint64_t zeros(uint64_t v) { return (v - EACH(0x01)) & ~v & EACH(0x80); }

static inline uint64_t stops(uint64_t v, byte lowest) {
  uint64_t found = zeros(v ^ EACH('"')) | zeros(v ^ EACH('\\'));
  // A byte below `lowest`, which is at most 0x20; in those from 0x80 the subtraction does not borrow.
  return found | ((v - EACH(lowest)) & ~v & EACH(0x80));
}

static inline int is_stop(byte b, byte lowest) { return b == '"' || b == '\\' || b < lowest; }

size_t gateway_json_plain_end(const byte *bytes, size_t from, size_t count, byte lowest, int *has_high) {
  size_t i = from;
  uint64_t high = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (; i + 8 <= count; i += 8) {
    uint64_t v;
    memcpy(&v, bytes + i, 8);
    uint64_t found = stops(v, lowest);
    if (found) {
      unsigned plain = (unsigned)__builtin_ctzll(found) / 8;
      if (plain) high |= v << (64 - 8 * plain);
      *has_high |= (high & EACH(0x80)) != 0;
      return i + plain;
    }
    high |= v;
  }
#endif
  byte rest = 0;
  for (; i < count && !is_stop(bytes[i], lowest); i++) rest |= bytes[i];
  *has_high |= (high & EACH(0x80)) != 0 || rest >= 0x80;
  return i;
}

int gateway_json_is_key(const byte *bytes, size_t from, size_t count, const byte *key, size_t length) {
  return count - from > length && bytes[from + length] == '"' && memcmp(bytes + from, key, length) == 0;
}

// Texts are short: a call of memcpy would take longer.
static inline void copy(byte *to, const byte *from, size_t count) {
  if (count > 32) {
    memcpy(to, from, count);
  } else if (count >= 16) {
    memcpy(to, from, 16);
    memcpy(to + count - 16, from + count - 16, 16);
  } else if (count >= 8) {
    memcpy(to, from, 8);
    memcpy(to + count - 8, from + count - 8, 8);
  } else if (count >= 4) {
    memcpy(to, from, 4);
    memcpy(to + count - 4, from + count - 4, 4);
  } else {
    for (size_t i = 0; i < count; i++) to[i] = from[i];
  }
}

size_t gateway_json_key(byte *space, size_t at, const byte *key, size_t count, int comma) {
  byte *to = space + at;
  if (comma) *to++ = ',';
  *to++ = '"';
  copy(to, key, count);
  to += count;
  *to++ = '"';
  *to++ = ':';
  return (size_t)(to - space);
}

// What follows the reverse solidus of a byte's short escape; 0 for a byte that has none.
static byte short_escape(byte b) {
  switch (b) {
  case '"': return '"';
  case '\\': return '\\';
  case 0x08: return 'b';
  case 0x09: return 't';
  case 0x0a: return 'n';
  case 0x0c: return 'f';
  case 0x0d: return 'r';
  default: return 0;
  }
}

static byte *escape(byte *to, byte b) {
  static const byte digits[] = "0123456789ABCDEF";
  byte letter = short_escape(b);
  *to++ = '\\';
  if (letter) {
    *to++ = letter;
    return to;
  }
  *to++ = 'u';
  *to++ = '0';
  *to++ = '0';
  *to++ = digits[b >> 4];
  *to++ = digits[b & 0xf];
  return to;
}

size_t gateway_json_string_size(const byte *text, size_t count) {
  int high = 0;
  size_t size = count + 2;
  for (size_t i = gateway_json_plain_end(text, 0, count, 0x20, &high); i < count;
       i = gateway_json_plain_end(text, i + 1, count, 0x20, &high)) {
    size += short_escape(text[i]) ? 1 : 5;
  }
  return size;
}

size_t gateway_json_string(byte *space, size_t at, size_t room, const byte *text, size_t count) {
  int high = 0;
  size_t plain = gateway_json_plain_end(text, 0, count, 0x20, &high);
  if (room < plain + 6 * (count - plain) + 2 && room < gateway_json_string_size(text, count)) return 0;
  byte *to = space + at;
  *to++ = '"';
  copy(to, text, plain);
  to += plain;
  for (size_t i = plain; i < count;) {
    to = escape(to, text[i++]);
    size_t end = gateway_json_plain_end(text, i, count, 0x20, &high);
    copy(to, text + i, end - i);
    to += end - i;
    i = end;
  }
  *to++ = '"';
  return (size_t)(to - space);
}

size_t gateway_json_integer(byte *space, size_t at, int64_t value) {
  byte digits[20];
  int first = 20;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[--first] = (byte)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (value < 0) digits[--first] = '-';
  memcpy(space + at, digits + first, (size_t)(20 - first));
  return at + (size_t)(20 - first);
}

static inline void two_digits(byte *to, int value) {
  to[0] = (byte)('0' + value / 10 % 10);
  to[1] = (byte)('0' + value % 10);
}

size_t gateway_json_time(byte *space, size_t at, int year, int month, int day, int second_of_day, int nanosecond) {
  byte *to = space + at;
  two_digits(to, year / 100);
  two_digits(to + 2, year % 100);
  to[4] = '-';
  two_digits(to + 5, month);
  to[7] = '-';
  two_digits(to + 8, day);
  to[10] = 'T';
  two_digits(to + 11, second_of_day / 3600);
  to[13] = ':';
  two_digits(to + 14, second_of_day / 60 % 60);
  to[16] = ':';
  two_digits(to + 17, second_of_day % 60);
  to += 19;
  if (nanosecond > 0) {
    *to++ = '.';
    for (int rest = nanosecond, divisor = 100000000; rest > 0 && divisor > 0; divisor /= 10) {
      *to++ = (byte)('0' + rest / divisor);
      rest %= divisor;
    }
  }
  return (size_t)(to - space);
}
