#include "CColumns.h"

#include <math.h>

// A multiplication and an addition stay two roundings on every processor.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("default", "avx2")))
#else
#define FOR_EACH_PROCESSOR
#endif

FOR_EACH_PROCESSOR
void promgate_add_compensated(
  double *restrict sums, double *restrict compensations, const double *restrict values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    double sum = sums[i], value = values[i];
    double total = sum + value;
    // What the sum lost, exactly, whichever of the two is larger (Knuth).
    double added = total - sum;
    double lost = (sum - (total - added)) + (value - added);
    double compensation = compensations[i] + lost;
    compensations[i] = fabs(total) == (double)INFINITY ? 0 : compensation;
    sums[i] = total;
  }
}

void promgate_sum_compensated(double *sum, double *compensation, const double *values, size_t count) {
  double total = *sum, lost = *compensation;
  for (size_t i = 0; i < count; i++) {
    double before = total, value = values[i];
    total = before + value;
    double added = total - before;
    lost += (before - (total - added)) + (value - added);
  }
  *sum = total;
  *compensation = lost;
}

FOR_EACH_PROCESSOR
double promgate_rises(
  const double *restrict values, int32_t offset, const int32_t *restrict firsts,
  const int32_t *restrict lasts, const double *restrict factors, size_t count, double *restrict output) {
  // Four of each, so that they fill a vector.
  double largest[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (size_t j = 0; j < 4; j++) {
      double rise = values[lasts[i + j] - offset] - values[firsts[i + j] - offset];
      output[i + j] = rise * factors[i + j];
      largest[j] = rise > largest[j] ? rise : largest[j];
    }
  }
  for (; i < count; i++) {
    double rise = values[lasts[i] - offset] - values[firsts[i] - offset];
    output[i] = rise * factors[i];
    largest[0] = rise > largest[0] ? rise : largest[0];
  }
  return fmax(fmax(largest[0], largest[1]), fmax(largest[2], largest[3]));
}

FOR_EACH_PROCESSOR
void promgate_gather(
  const double *restrict values, int32_t offset, const int32_t *restrict positions, size_t count,
  double *restrict output) {
  for (size_t i = 0; i < count; i++) output[i] = values[positions[i] - offset];
}

void promgate_read_slot(const double *const *rows, size_t count, size_t slot, double *output) {
  for (size_t i = 0; i < count; i++) {
    const double *place = rows[i] + slot;
    __builtin_prefetch(place + 8);
    output[i] = *place;
  }
}

FOR_EACH_PROCESSOR
double promgate_largest_magnitude(const double *values, size_t count) {
  // Bit patterns of magnitudes ascend as they do, and what is no number lies above infinity.
  uint64_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t bits;
    __builtin_memcpy(&bits, values + i, sizeof bits);
    bits &= 0x7fffffffffffffff;
    largest = bits > largest ? bits : largest;
  }
  double value;
  if (largest > 0x7ff0000000000000) largest = 0x7ff0000000000000;
  __builtin_memcpy(&value, &largest, sizeof value);
  return value;
}

FOR_EACH_PROCESSOR
int promgate_falls(const double *values, size_t count) {
  uint64_t falls = 0;
  for (size_t i = 1; i < count; i++) falls |= !(values[i] >= values[i - 1]);
  return falls != 0;
}

/// Moves a position to the first timestamp behind a time. Most often it moves by `stride` again: branches
/// that are foreseen, so that the next step begins before this one is known.
static inline size_t behind(
  const int64_t *timestamps, size_t count, int64_t time, size_t position, size_t *stride) {
  size_t start = position, guess = start + *stride;
  if (__builtin_expect(*stride > 0 && guess <= count && timestamps[guess - 1] <= time, 1)) position = guess;
  while (position < count && timestamps[position] <= time) position++;
  *stride = position - start;
  return position;
}

void promgate_locate(
  const int64_t *timestamps, size_t count, const int64_t *after, const int64_t *through,
  const int32_t *meeting, size_t begin, size_t end, int32_t *firsts, int32_t *newest) {
  size_t low = 0, high = 0, low_stride = 0, high_stride = 0;
  if (begin < end) {
    // The first is looked for by halves.
    for (size_t size = count; size > 0;) {
      size_t half = size / 2;
      int is_behind = timestamps[low + half] > after[begin];
      low = is_behind ? low : low + half + 1;
      size = is_behind ? half : size - half - 1;
    }
    high = low;
  }
  for (size_t i = begin; i < end; i++) {
    if (meeting[i] >= 0) low = (size_t)(newest[meeting[i]] + 1);
    else low = behind(timestamps, count, after[i], low, &low_stride);
    if (high < low) high = low;
    high = behind(timestamps, count, through[i], high, &high_stride);
    firsts[i] = (int32_t)low;
    newest[i] = (int32_t)high - 1;
  }
}
