#include <zlib.h>

// deflateInit2 is a macro, which Swift cannot import. windowBits 15 + 16 asks zlib for the gzip format.
static inline int gateway_gzip_init(z_streamp stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
