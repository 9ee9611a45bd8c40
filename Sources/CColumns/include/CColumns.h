// Plain loops over columns of numbers, each compiled for the vector units that a processor may have and
// chosen when the program runs. What they compute is the same everywhere, to the last bit.
#ifndef PROMGATE_CCOLUMNS_H
#define PROMGATE_CCOLUMNS_H

#include <stddef.h>
#include <stdint.h>

/// Bytes behind the codes that `promgate_unpack` may read and never looks at.
#define PROMGATE_UNPACK_PADDING 32

/// How a run of values was packed: integers as codes of one width, low end first.
typedef struct {
  /// What a code is added to; for differences, the first value.
  int64_t base;
  /// For differences, what each adds to its code.
  int64_t least;
  /// What a value's integer is divided by; 0 when it is the value's bit pattern.
  double divisor;
  /// Bits of a code, 0 to 64.
  uint8_t width;
  /// How far a code is shifted to the left, 0 to 63.
  uint8_t shift;
  /// Whether codes stand for differences of neighbours, one less than there are values.
  uint8_t holds_differences;
} promgate_packing;

/// Asks the memory for what lies at a place, which need not be anybody's.
static inline void promgate_ask(const void *place) { __builtin_prefetch(place); }

/// Writes `count` values, at least one.
void promgate_unpack(const promgate_packing *packing, const uint8_t *codes, size_t count, double *output);

/// Adds a column to compensated sums (Neumaier): `sums[i] += values[i]`, and what that lost to
/// `compensations[i]`, which is 0 once a sum is infinite.
void promgate_add_compensated(double *sums, double *compensations, const double *values, size_t count);

/// `output[i] = (values[lasts[i] - offset] - values[firsts[i] - offset]) * factors[i]`. The largest of the
/// differences, not a number left out; minus infinity when there is none.
double promgate_rises(
  const double *values, int32_t offset, const int32_t *firsts, const int32_t *lasts, const double *factors,
  size_t count, double *output);

/// Where windows lie on ascending timestamps: `firsts[i]` is the position of the first one later than
/// `after[i]`, `newest[i]` that of the last one up to `through[i]`, one less than `firsts[i]` when there is
/// none. `after` and `through` ascend; `meeting[i]`: an earlier window that ends where this one begins, or
/// below zero.
void promgate_locate(
  const int64_t *timestamps, size_t count, const int64_t *after, const int64_t *through,
  const int32_t *meeting, size_t begin, size_t end, int32_t *firsts, int32_t *newest);

/// `output[i] = values[positions[i] - offset]`.
void promgate_gather(
  const double *values, int32_t offset, const int32_t *positions, size_t count, double *output);

/// `output[i] = rows[i][slot]`. Asks the memory for the slots behind, which are read next.
void promgate_read_slot(const double *const *rows, size_t count, size_t slot, double *output);

/// Adds values to a sum and to what that loses. Nothing is known of the result where the sum is infinite or
/// no number.
void promgate_sum_compensated(double *sum, double *compensation, const double *values, size_t count);

/// The largest magnitude; a number that is none counts as infinite.
double promgate_largest_magnitude(const double *values, size_t count);

/// Whether a value is lower than the one before it, or one of the two is no number.
int promgate_falls(const double *values, size_t count);

#endif
