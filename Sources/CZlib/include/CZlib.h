// zlib behind plain functions.
#ifndef PROMGATE_CZLIB_H
#define PROMGATE_CZLIB_H

#include <stddef.h>
#include <stdint.h>

/// A stream of gzip members that is being decompressed.
typedef struct promgate_gunzip promgate_gunzip;

/// What one step of decompression came to.
typedef struct {
  /// How many bytes of the input were used.
  size_t consumed;
  /// How many bytes of the output were written.
  size_t produced;
  /// 0: go on; 1: at the end of a member (and so possibly of the stream); 2: no gzip data.
  int32_t outcome;
} promgate_gunzip_step;

/// A new stream; NULL when there is no memory.
promgate_gunzip *promgate_gunzip_new(void);

/// Decompresses what fits. Members that follow one another are one stream.
promgate_gunzip_step promgate_gunzip_feed(
    promgate_gunzip *stream, const uint8_t *input, size_t input_length, uint8_t *output,
    size_t output_length);

/// Frees the stream.
void promgate_gunzip_free(promgate_gunzip *stream);

/// Room that compressing `length` bytes may need.
size_t promgate_deflate_bound(size_t length);

/// Compresses in one go, quickly: as a gzip member, else as a zlib stream. 0 when it fails.
size_t promgate_deflate(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length, int gzip);

#endif
