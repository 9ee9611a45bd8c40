#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "CZlib.h"

/// A gzip member's header and trailer are larger than zlib's by this much at most.
static const size_t gzip_extra = 18;

size_t promgate_deflate_bound(size_t length) { return compressBound(length) + gzip_extra; }

size_t promgate_deflate(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length, int gzip) {
  if (input_length > UINT_MAX || output_length > UINT_MAX) return 0;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  int window_bits = MAX_WBITS + (gzip ? 16 : 0);
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return 0;
  }
  stream.next_in = (Bytef *)(uintptr_t)input;
  stream.avail_in = (uInt)input_length;
  stream.next_out = output;
  stream.avail_out = (uInt)output_length;
  int result = deflate(&stream, Z_FINISH);
  size_t written = output_length - stream.avail_out;
  deflateEnd(&stream);
  return result == Z_STREAM_END ? written : 0;
}
