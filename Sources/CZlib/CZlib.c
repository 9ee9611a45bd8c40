#include "CZlib.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct promgate_gunzip {
  z_stream stream;
  int finished;
};

promgate_gunzip *promgate_gunzip_new(void) {
  promgate_gunzip *gunzip = calloc(1, sizeof(*gunzip));
  if (gunzip == NULL) return NULL;
  // 16 asks for a gzip header.
  if (inflateInit2(&gunzip->stream, 16 + MAX_WBITS) != Z_OK) {
    free(gunzip);
    return NULL;
  }
  return gunzip;
}

static uInt clamped(size_t length) { return length > UINT_MAX ? UINT_MAX : (uInt)length; }

promgate_gunzip_step promgate_gunzip_feed(
    promgate_gunzip *gunzip, const uint8_t *input, size_t input_length, uint8_t *output,
    size_t output_length) {
  promgate_gunzip_step step = {0, 0, 0};
  if (gunzip->finished) {
    if (input_length == 0) {
      step.outcome = 1;
      return step;
    }
    if (inflateReset(&gunzip->stream) != Z_OK) {
      step.outcome = 2;
      return step;
    }
    gunzip->finished = 0;
  }
  z_stream *stream = &gunzip->stream;
  uInt in = clamped(input_length);
  uInt out = clamped(output_length);
  stream->next_in = (Bytef *)(uintptr_t)input;
  stream->avail_in = in;
  stream->next_out = output;
  stream->avail_out = out;
  int result = inflate(stream, Z_NO_FLUSH);
  step.consumed = in - stream->avail_in;
  step.produced = out - stream->avail_out;
  if (result == Z_STREAM_END) {
    gunzip->finished = 1;
    step.outcome = 1;
  } else if (result != Z_OK && result != Z_BUF_ERROR) {
    step.outcome = 2;
  }
  return step;
}

void promgate_gunzip_free(promgate_gunzip *gunzip) {
  if (gunzip == NULL) return;
  inflateEnd(&gunzip->stream);
  free(gunzip);
}
