// Remote read's messages through libprotobuf-c, with memory that is given back at once.
#ifndef PROMGATE_CREMOTE_H
#define PROMGATE_CREMOTE_H

#include "remote.pb-c.h"

#include <stddef.h>
#include <stdint.h>

/// Memory for the messages of one decoding; used again for the next one.
typedef struct promgate_arena promgate_arena;

/// An arena that takes at most `limit` bytes; NULL when there is no memory.
promgate_arena *promgate_arena_new(size_t limit);
void promgate_arena_free(promgate_arena *arena);

/// Lets the arena take at most `limit` bytes from now on; less than before changes nothing.
void promgate_arena_raise(promgate_arena *arena, size_t limit);

/// Whether the last decoding failed because the limit was reached.
int promgate_arena_is_full(const promgate_arena *arena);

/// Decodes a message, which is valid until the arena is used again; NULL when it is damaged or the arena
/// is full. Every call gives the memory of the one before back to the arena.
const Promgate__TimeSeries *promgate_time_series_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length);
const Promgate__ChunkedReadResponse *promgate_chunked_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length);

const Promgate__WrittenSeries *promgate_written_series_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length);
const Promgate__MetricMetadata *promgate_metadata_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length);
const Promgate__ReadRequest *promgate_read_request_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length);

/// A condition of a query.
typedef struct {
  /// 0 =, 1 !=, 2 =~, 3 !~.
  uint32_t type;
  const char *name;
  const char *value;
} promgate_matcher;

/// Encodes a request with one query for chunks, samples as second choice. The bytes are freed by the
/// caller with `free`; NULL when there is no memory.
uint8_t *promgate_read_request(
    int64_t start, int64_t end, const promgate_matcher *matchers, size_t matcher_count, size_t *length);

#endif
