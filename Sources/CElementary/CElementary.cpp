#include "CElementary.h"

#include "arcs.h"
#include "exponential.h"
#include "hyperbolic.h"
#include "power.h"
#include "trigonometric.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define FOR_EACH_PROCESSOR
#endif

namespace {

template <class Numbers> constexpr size_t lanes = sizeof(Numbers) / sizeof(double);

/// The next numbers of a column; where fewer than the lanes are left, the first of them for all.
template <class Numbers> INLINED Numbers load(const double *values, size_t left) {
  Numbers numbers = all<Numbers>(*values);
  if (left >= lanes<Numbers>) __builtin_memcpy(&numbers, values, sizeof numbers);
  return numbers;
}

template <class Numbers> INLINED void store(Numbers numbers, double *values, size_t left) {
  if (left >= lanes<Numbers>) __builtin_memcpy(values, &numbers, sizeof numbers);
  else *values = numbers[0];
}

// Macros: neither the instances of a template nor a lambda take the vector unit of a function.
#define COLUMN(name, formula)                                                      \
  FOR_EACH_PROCESSOR static void name(double *values, size_t count) {              \
    size_t i = 0;                                                                  \
    for (size_t step = lanes<Block>; count - i >= step; i += step)                 \
      store(formula(load<Block>(values + i, count - i)), values + i, count - i);   \
    for (; i < count; i += lanes<Pair>)                                            \
      store(formula(load<Pair>(values + i, count - i)), values + i, count - i);    \
  }

#define COLUMNS(name, formula)                                                                         \
  FOR_EACH_PROCESSOR static void name(                                                                 \
    const double *left, size_t left_stride, const double *right, size_t right_stride, double *output,  \
    size_t count) {                                                                                    \
    size_t i = 0;                                                                                      \
    for (size_t step = lanes<Block>; count - i >= step; i += step) {                                   \
      Block a = load<Block>(left + i * left_stride, (count - i) * left_stride);                        \
      Block b = load<Block>(right + i * right_stride, (count - i) * right_stride);                     \
      store(formula(a, b), output + i, count - i);                                                     \
    }                                                                                                  \
    for (; i < count; i += lanes<Pair>) {                                                              \
      Pair a = load<Pair>(left + i * left_stride, (count - i) * left_stride);                          \
      Pair b = load<Pair>(right + i * right_stride, (count - i) * right_stride);                       \
      store(formula(a, b), output + i, count - i);                                                     \
    }                                                                                                  \
  }

COLUMN(exp_column, exp<PROMGATE_SEPARATE>)
COLUMN(fused_exp_column, exp<PROMGATE_FUSED>)
COLUMN(exp2_column, exp2)
COLUMN(log_column, log)
COLUMN(log2_column, log2)
COLUMN(log10_column, log10)
COLUMN(sin_column, sin)
COLUMN(cos_column, cos)
COLUMN(tan_column, tan)
COLUMN(asin_column, asin)
COLUMN(acos_column, acos)
COLUMN(atan_column, atan)
COLUMN(sinh_column, sinh<PROMGATE_SEPARATE>)
COLUMN(fused_sinh_column, sinh<PROMGATE_FUSED>)
COLUMN(cosh_column, cosh<PROMGATE_SEPARATE>)
COLUMN(fused_cosh_column, cosh<PROMGATE_FUSED>)
COLUMN(tanh_column, tanh<PROMGATE_SEPARATE>)
COLUMN(fused_tanh_column, tanh<PROMGATE_FUSED>)
COLUMN(asinh_column, asinh)
COLUMN(acosh_column, acosh)
COLUMN(atanh_column, atanh)
COLUMNS(pow_columns, power<PROMGATE_SEPARATE>)
COLUMNS(fused_pow_columns, power<PROMGATE_FUSED>)
COLUMNS(atan2_columns, atan2)

}  // namespace

promgate_rounding promgate_native_rounding(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx") ? PROMGATE_FUSED : PROMGATE_SEPARATE;
#else
  return PROMGATE_FUSED;
#endif
}

void promgate_compute(
  promgate_function function, promgate_rounding rounding, double *values, size_t count) {
  const bool fuses = rounding == PROMGATE_FUSED;
  switch (function) {
    case PROMGATE_EXP: return (fuses ? fused_exp_column : exp_column)(values, count);
    case PROMGATE_EXP2: return exp2_column(values, count);
    case PROMGATE_LN: return log_column(values, count);
    case PROMGATE_LOG2: return log2_column(values, count);
    case PROMGATE_LOG10: return log10_column(values, count);
    case PROMGATE_SIN: return sin_column(values, count);
    case PROMGATE_COS: return cos_column(values, count);
    case PROMGATE_TAN: return tan_column(values, count);
    case PROMGATE_ASIN: return asin_column(values, count);
    case PROMGATE_ACOS: return acos_column(values, count);
    case PROMGATE_ATAN: return atan_column(values, count);
    case PROMGATE_SINH: return (fuses ? fused_sinh_column : sinh_column)(values, count);
    case PROMGATE_COSH: return (fuses ? fused_cosh_column : cosh_column)(values, count);
    case PROMGATE_TANH: return (fuses ? fused_tanh_column : tanh_column)(values, count);
    case PROMGATE_ASINH: return asinh_column(values, count);
    case PROMGATE_ACOSH: return acosh_column(values, count);
    case PROMGATE_ATANH: return atanh_column(values, count);
  }
}

void promgate_compute_pairs(
  promgate_pair_function function, promgate_rounding rounding, const double *left, size_t left_stride,
  const double *right, size_t right_stride, double *output, size_t count) {
  const bool fuses = rounding == PROMGATE_FUSED;
  switch (function) {
    case PROMGATE_POW:
      return (fuses ? fused_pow_columns : pow_columns)(left, left_stride, right, right_stride, output, count);
    case PROMGATE_ATAN2: return atan2_columns(left, left_stride, right, right_stride, output, count);
  }
}
