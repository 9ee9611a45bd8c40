#include "CRemote.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// Blocks that are filled one after the other.
typedef struct block {
  struct block *next;
  size_t size;
  size_t used;
} block;

struct promgate_arena {
  block *first;
  block *current;
  size_t limit;
  size_t total;
  int is_full;
};

static const size_t smallest_block = 1 << 16;

promgate_arena *promgate_arena_new(size_t limit) {
  promgate_arena *arena = calloc(1, sizeof *arena);
  if (arena != NULL) arena->limit = limit;
  return arena;
}

static void free_blocks(block *next) {
  while (next != NULL) {
    block *after = next->next;
    free(next);
    next = after;
  }
}

void promgate_arena_free(promgate_arena *arena) {
  if (arena == NULL) return;
  free_blocks(arena->first);
  free(arena);
}

void promgate_arena_raise(promgate_arena *arena, size_t limit) {
  if (limit > arena->limit) arena->limit = limit;
}

int promgate_arena_is_full(const promgate_arena *arena) { return arena->is_full; }

static void *take(void *context, size_t size) {
  promgate_arena *arena = context;
  size = (size + 15) & ~(size_t)15;
  if (arena->current != NULL && arena->current->size - arena->current->used >= size) {
    void *found = (char *)(arena->current + 1) + arena->current->used;
    arena->current->used += size;
    return found;
  }
  // Blocks that an earlier message has left behind are too small for a large one: they stay for the next.
  size_t wanted = arena->current == NULL ? smallest_block : arena->current->size * 2;
  if (wanted > (size_t)1 << 24) wanted = (size_t)1 << 24;
  if (wanted < size) wanted = size;
  if (wanted > arena->limit - arena->total) wanted = size;
  if (size > arena->limit - arena->total) {
    arena->is_full = 1;
    return NULL;
  }
  block *fresh = malloc(sizeof *fresh + wanted);
  if (fresh == NULL) {
    arena->is_full = 1;
    return NULL;
  }
  fresh->size = wanted;
  fresh->used = size;
  fresh->next = arena->first;
  arena->first = fresh;
  arena->current = fresh;
  arena->total += wanted;
  return fresh + 1;
}

static void leave(void *context, void *memory) {
  (void)context;
  (void)memory;
}

/// Keeps the newest block, which is the largest, and gives the others back.
static void reset(promgate_arena *arena) {
  arena->is_full = 0;
  if (arena->first == NULL) return;
  free_blocks(arena->first->next);
  arena->first->next = NULL;
  arena->first->used = 0;
  arena->current = arena->first;
  arena->total = arena->first->size;
}

static ProtobufCAllocator allocator(promgate_arena *arena) {
  ProtobufCAllocator allocator = {take, leave, arena};
  return allocator;
}

/// Whether a message has a field of its own in another form: the library keeps it among the unknown ones.
static bool is_misread(const ProtobufCMessage *message) {
  for (unsigned i = 0; i < message->n_unknown_fields; i++) {
    unsigned tag = message->unknown_fields[i].tag;
    if (protobuf_c_message_descriptor_get_field(message->descriptor, tag) != NULL) return true;
  }
  return false;
}

const Promgate__TimeSeries *promgate_time_series_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length) {
  reset(arena);
  ProtobufCAllocator memory = allocator(arena);
  const Promgate__TimeSeries *series = promgate__time_series__unpack(&memory, length, bytes);
  if (series == NULL || is_misread(&series->base)) return NULL;
  for (size_t i = 0; i < series->n_labels; i++) {
    if (is_misread(&series->labels[i]->base)) return NULL;
  }
  for (size_t i = 0; i < series->n_samples; i++) {
    if (is_misread(&series->samples[i]->base)) return NULL;
  }
  for (size_t i = 0; i < series->n_histograms; i++) {
    if (is_misread(&series->histograms[i]->base)) return NULL;
  }
  return series;
}

const Promgate__ChunkedReadResponse *promgate_chunked_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length) {
  reset(arena);
  ProtobufCAllocator memory = allocator(arena);
  return promgate__chunked_read_response__unpack(&memory, length, bytes);
}

const Promgate__WrittenSeries *promgate_written_series_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length) {
  reset(arena);
  ProtobufCAllocator memory = allocator(arena);
  const Promgate__WrittenSeries *series = promgate__written_series__unpack(&memory, length, bytes);
  if (series == NULL || is_misread(&series->base)) return NULL;
  for (size_t i = 0; i < series->n_samples; i++) {
    if (is_misread(&series->samples[i]->base)) return NULL;
  }
  for (size_t i = 0; i < series->n_histograms; i++) {
    if (is_misread(&series->histograms[i]->base)) return NULL;
  }
  return series;
}

const Promgate__MetricMetadata *promgate_metadata_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length) {
  reset(arena);
  ProtobufCAllocator memory = allocator(arena);
  return promgate__metric_metadata__unpack(&memory, length, bytes);
}

const Promgate__ReadRequest *promgate_read_request_decode(
    promgate_arena *arena, const uint8_t *bytes, size_t length) {
  reset(arena);
  ProtobufCAllocator memory = allocator(arena);
  return promgate__read_request__unpack(&memory, length, bytes);
}

uint8_t *promgate_read_request(
    int64_t start, int64_t end, const promgate_matcher *matchers, size_t matcher_count, size_t *length) {
  Promgate__LabelMatcher *conditions = calloc(matcher_count + 1, sizeof *conditions);
  Promgate__LabelMatcher **places = calloc(matcher_count + 1, sizeof *places);
  uint8_t *bytes = NULL;
  if (conditions != NULL && places != NULL) {
    for (size_t i = 0; i < matcher_count; i++) {
      promgate__label_matcher__init(&conditions[i]);
      conditions[i].type = matchers[i].type;
      conditions[i].name = (char *)matchers[i].name;
      conditions[i].value = (char *)matchers[i].value;
      places[i] = &conditions[i];
    }
    Promgate__ReadHints hints = PROMGATE__READ_HINTS__INIT;
    hints.start_ms = start;
    hints.end_ms = end;
    Promgate__Query query = PROMGATE__QUERY__INIT;
    query.start_timestamp_ms = start;
    query.end_timestamp_ms = end;
    query.n_matchers = matcher_count;
    query.matchers = places;
    query.hints = &hints;
    Promgate__Query *queries[] = {&query};
    // Chunks, else samples.
    uint32_t types[] = {1, 0};
    Promgate__ReadRequest request = PROMGATE__READ_REQUEST__INIT;
    request.n_queries = 1;
    request.queries = queries;
    request.n_accepted_response_types = 2;
    request.accepted_response_types = types;
    size_t size = promgate__read_request__get_packed_size(&request);
    bytes = malloc(size == 0 ? 1 : size);
    if (bytes != NULL) *length = promgate__read_request__pack(&request, bytes);
  }
  free(conditions);
  free(places);
  return bytes;
}
