#include "CCompression.h"

#include <snappy-c.h>
#include <string.h>
#include <zstd.h>

int64_t promgate_snappy_length(const uint8_t *input, size_t input_length) {
  size_t length = 0;
  if (snappy_uncompressed_length((const char *)input, input_length, &length) != SNAPPY_OK) return -1;
  return length > INT64_MAX ? -1 : (int64_t)length;
}

int promgate_snappy_decompress(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length) {
  size_t length = output_length;
  return snappy_uncompress((const char *)input, input_length, (char *)output, &length) == SNAPPY_OK &&
         length == output_length;
}

size_t promgate_snappy_bound(size_t length) { return snappy_max_compressed_length(length); }

size_t promgate_snappy_compress(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length) {
  size_t length = output_length;
  if (snappy_compress((const char *)input, input_length, (char *)output, &length) != SNAPPY_OK) return 0;
  return length;
}

int64_t promgate_zstd_length(const uint8_t *input, size_t input_length) {
  unsigned long long length = ZSTD_getFrameContentSize(input, input_length);
  if (length == ZSTD_CONTENTSIZE_ERROR) return -2;
  if (length == ZSTD_CONTENTSIZE_UNKNOWN || length > INT64_MAX) return -1;
  return (int64_t)length;
}

int64_t promgate_zstd_decompress(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length) {
  size_t length = ZSTD_decompress(output, output_length, input, input_length);
  return ZSTD_isError(length) ? -1 : (int64_t)length;
}

// The table is made at first use: eight bytes a step (slicing by eight).
static uint32_t table[8][256];

__attribute__((constructor)) static void make_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0);
    table[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int slice = 1; slice < 8; slice++)
      table[slice][i] = (table[slice - 1][i] >> 8) ^ table[0][table[slice - 1][i] & 0xFF];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_hardware(const uint8_t *input, size_t length) {
  uint64_t crc = 0xFFFFFFFFu;
  for (; length >= 8; length -= 8, input += 8) {
    uint64_t word;
    memcpy(&word, input, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  for (; length > 0; length--) crc = __builtin_ia32_crc32qi((uint32_t)crc, *input++);
  return (uint32_t)crc ^ 0xFFFFFFFFu;
}
#endif

uint32_t promgate_crc32c(const uint8_t *input, size_t length) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return crc32c_hardware(input, length);
#endif
  uint32_t crc = 0xFFFFFFFFu;
  for (; length >= 8; length -= 8, input += 8) {
    uint64_t word;
    memcpy(&word, input, 8);
    word ^= crc;
    crc = 0;
    for (int slice = 0; slice < 8; slice++) crc ^= table[7 - slice][(word >> (8 * slice)) & 0xFF];
  }
  for (; length > 0; length--) crc = (crc >> 8) ^ table[0][(crc ^ *input++) & 0xFF];
  return crc ^ 0xFFFFFFFFu;
}

size_t promgate_zstd_bound(size_t length) { return ZSTD_compressBound(length); }

size_t promgate_zstd_compress(
    const uint8_t *input, size_t input_length, uint8_t *output, size_t output_length) {
  size_t length = ZSTD_compress(output, output_length, input, input_length, 1);
  return ZSTD_isError(length) ? 0 : length;
}

promgate_unzstd *promgate_unzstd_new(void) {
  ZSTD_DCtx *stream = ZSTD_createDCtx();
  if (stream != NULL) ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 27);
  return (promgate_unzstd *)stream;
}

promgate_unzstd_step promgate_unzstd_feed(
    promgate_unzstd *stream, const uint8_t *input, size_t input_length, uint8_t *output,
    size_t output_length) {
  promgate_unzstd_step step = {0, 0, 0};
  ZSTD_inBuffer in = {input, input_length, 0};
  ZSTD_outBuffer out = {output, output_length, 0};
  size_t result = ZSTD_decompressStream((ZSTD_DCtx *)stream, &out, &in);
  step.consumed = in.pos;
  step.produced = out.pos;
  step.outcome = ZSTD_isError(result) ? 2 : result == 0 ? 1 : 0;
  return step;
}

void promgate_unzstd_free(promgate_unzstd *stream) { ZSTD_freeDCtx((ZSTD_DCtx *)stream); }
