// libsnappy and libzstd behind plain functions: blocks that are decompressed whole.
#ifndef PROMGATE_CCOMPRESSION_H
#define PROMGATE_CCOMPRESSION_H

#include <stddef.h>
#include <stdint.h>

/// How long a snappy block says that it is when decompressed; -1 when it is none.
int64_t promgate_snappy_length(const uint8_t *input, size_t input_length);

/// Decompresses a snappy block into a buffer of the length that it says; 0 when it is damaged.
int promgate_snappy_decompress(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length);

/// Room that compressing `length` bytes as a snappy block may need.
size_t promgate_snappy_bound(size_t length);

/// Compresses as a snappy block; the length, 0 when it fails.
size_t promgate_snappy_compress(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length);

/// How long a zstd frame says that it is when decompressed; -1 when it does not say, -2 when it is none.
int64_t promgate_zstd_length(const uint8_t *input, size_t input_length);

/// Decompresses a zstd frame; the number of bytes, -1 when it is damaged or has more.
int64_t promgate_zstd_decompress(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length);

/// Room that compressing `length` bytes as a zstd frame may need.
size_t promgate_zstd_bound(size_t length);

/// Compresses as one zstd frame, quickly; the length, 0 when it fails.
size_t promgate_zstd_compress(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length);

/// A stream of zstd frames that is being decompressed.
typedef struct promgate_unzstd promgate_unzstd;

/// What one step of decompression came to.
typedef struct {
  /// How many bytes of the input were used.
  size_t consumed;
  /// How many bytes of the output were written.
  size_t produced;
  /// 0: go on; 1: at the end of a frame (and so possibly of the stream); 2: no zstd data.
  int32_t outcome;
} promgate_unzstd_step;

/// A new stream; NULL when there is no memory. Frames that want a window of more than 128 MiB are refused.
promgate_unzstd *promgate_unzstd_new(void);

/// Decompresses what fits. Frames that follow one another are one stream.
promgate_unzstd_step promgate_unzstd_feed(
    promgate_unzstd *stream, const uint8_t *input, size_t input_length, uint8_t *output,
    size_t output_length);

/// Frees the stream.
void promgate_unzstd_free(promgate_unzstd *stream);

/// CRC-32C (Castagnoli) of the bytes.
uint32_t promgate_crc32c(const uint8_t *input, size_t input_length);

#endif
