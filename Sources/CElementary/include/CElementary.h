// Elementary functions over columns of numbers, to the bit as Go's math package has them on amd64 (Go 1.27):
// Prometheus answers with them. Go's choice of algorithms and its order of operations are followed; its
// exponential comes in two forms, of which `promgate_native_rounding` names the processor's.
#ifndef PROMGATE_CELEMENTARY_H
#define PROMGATE_CELEMENTARY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Functions of one number.
typedef enum {
  PROMGATE_EXP,
  PROMGATE_EXP2,
  PROMGATE_LN,
  PROMGATE_LOG2,
  PROMGATE_LOG10,
  PROMGATE_SIN,
  PROMGATE_COS,
  PROMGATE_TAN,
  PROMGATE_ASIN,
  PROMGATE_ACOS,
  PROMGATE_ATAN,
  PROMGATE_SINH,
  PROMGATE_COSH,
  PROMGATE_TANH,
  PROMGATE_ASINH,
  PROMGATE_ACOSH,
  PROMGATE_ATANH,
} promgate_function;

/// Functions of two numbers: base and exponent, ordinate and abscissa.
typedef enum { PROMGATE_POW, PROMGATE_ATAN2 } promgate_pair_function;

/// How the exponential rounds; `exp`, `pow`, `sinh`, `cosh` and `tanh` come from it.
typedef enum {
  /// A product is rounded before something is added to it.
  PROMGATE_SEPARATE,
  /// A product and its sum are rounded once.
  PROMGATE_FUSED,
} promgate_rounding;

/// How Go rounds on this processor: fused on amd64 where it has AVX and FMA, and on all other machines.
promgate_rounding promgate_native_rounding(void);

/// `values[i] = function(values[i])`. A number that is none yields one.
void promgate_compute(
  promgate_function function, promgate_rounding rounding, double *values, size_t count);

/// `output[i] = function(left[i], right[i])`; `output` may be either. A stride of 0 takes one number for
/// all of them, a stride of 1 a column.
void promgate_compute_pairs(
  promgate_pair_function function, promgate_rounding rounding, const double *left, size_t left_stride,
  const double *right, size_t right_stride, double *output, size_t count);

#ifdef __cplusplus
}
#endif
#endif
