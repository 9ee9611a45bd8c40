// Numbers that are worked on at once, one a lane; their bits, fractions and exponents.
#ifndef PROMGATE_LANES_H
#define PROMGATE_LANES_H

#include <stddef.h>
#include <stdint.h>

// What Go rounds twice is rounded twice, whatever the processor has.
#pragma STDC FP_CONTRACT OFF
// Vectors wider than the processor's stay inside of functions.
#pragma clang diagnostic ignored "-Wpsabi"

// A function of vectors takes the vector unit of its caller.
#define INLINED static inline __attribute__((always_inline))

namespace {

/// So many of a column that no step waits for the one before it; and those that are left, or a single one,
/// which costs as much as two.
using Block = double __attribute__((vector_size(128)));
using Pair = double __attribute__((vector_size(16)));

/// The integers that lie in the lanes of numbers. A condition is -1 where it holds, else 0.
template <class Numbers> using Integers = decltype(Numbers{} < Numbers{});

constexpr double infinity = __builtin_inf();
constexpr double not_a_number = __builtin_nan("");
constexpr int64_t sign_bit = INT64_MIN;
constexpr int64_t fraction_bits = 0x000fffffffffffff;
constexpr int64_t exponent_mask = 0x7ff;
constexpr int64_t one_bits = 0x3ff0000000000000, half_bits = 0x3fe0000000000000;
/// Numbers below 2^51 that are added to it leave an integer in its lowest bits.
constexpr double rounder = 0x1.8p52;
constexpr int64_t rounder_bits = 0x4338000000000000;

template <class Numbers> INLINED Numbers all(double value) {
  Numbers numbers;
  for (size_t i = 0; i < sizeof numbers / sizeof value; i++) numbers[i] = value;
  return numbers;
}

template <class Numbers> INLINED Integers<Numbers> bits(Numbers x) {
  return __builtin_bit_cast(Integers<Numbers>, x);
}

template <class Numbers> INLINED Numbers from_bits(Integers<Numbers> x) {
  return __builtin_bit_cast(Numbers, x);
}

template <class Numbers> INLINED Numbers choose(Integers<Numbers> where, Numbers yes, Numbers no) {
  return where ? yes : no;
}

template <class Numbers> INLINED Numbers choose(Integers<Numbers> where, double yes, Numbers no) {
  return where ? all<Numbers>(yes) : no;
}

template <class Numbers> INLINED Numbers choose(Integers<Numbers> where, Numbers yes, double no) {
  return where ? yes : all<Numbers>(no);
}

template <class Numbers> INLINED Numbers either(Integers<Numbers> where, double yes, double no) {
  return where ? all<Numbers>(yes) : all<Numbers>(no);
}

template <class Conditions> INLINED bool any(Conditions where) { return __builtin_reduce_or(where) != 0; }

template <class Numbers> INLINED Integers<Numbers> is_nan(Numbers x) { return x != x; }

template <class Numbers> INLINED Numbers magnitude(Numbers x) {
  return from_bits<Numbers>(bits(x) & ~sign_bit);
}

/// The bit of the sign and nothing else.
template <class Numbers> INLINED Integers<Numbers> sign(Numbers x) { return bits(x) & sign_bit; }

/// The bit of the sign where a condition holds.
template <class Conditions> INLINED Conditions sign_where(Conditions where) { return where & sign_bit; }

template <class Numbers> INLINED Numbers flip(Numbers x, Integers<Numbers> sign) {
  return from_bits<Numbers>(bits(x) ^ sign);
}

template <class Numbers> INLINED Numbers square_root(Numbers x) { return __builtin_elementwise_sqrt(x); }

/// By Horner's rule, the coefficient of the highest power first.
template <class Numbers, size_t count>
INLINED Numbers polynomial(Numbers x, const double (&coefficients)[count]) {
  Numbers sum = all<Numbers>(coefficients[0]);
  for (size_t i = 1; i < count; i++) sum = sum * x + coefficients[i];
  return sum;
}

/// The nearest whole numbers, the even one of two; for magnitudes below 2^51.
template <class Numbers> INLINED Numbers nearest(Numbers x) { return (x + rounder) - rounder; }

/// Whole numbers below 2^51 in magnitude, to integers and back.
template <class Numbers> INLINED Integers<Numbers> integers(Numbers whole) {
  return bits(whole + rounder) - rounder_bits;
}

template <class Numbers> INLINED Numbers numbers(Integers<Numbers> integers) {
  return from_bits<Numbers>(integers + rounder_bits) - rounder;
}

/// The binary exponent as it stands in the bits.
template <class Numbers> INLINED Integers<Numbers> biased_exponent(Numbers x) {
  return (bits(x) >> 52) & exponent_mask;
}

/// 2^exponent, for exponents of normal numbers.
template <class Numbers> INLINED Numbers power_of_two(Integers<Numbers> exponent) {
  return from_bits<Numbers>((exponent + 1023) << 52);
}

/// x = fraction · 2^exponent, the fraction's magnitude in [½, 1).
template <class Numbers> struct Split {
  Numbers fraction;
  Integers<Numbers> exponent;
};

/// Zero, infinities and NaN are fractions of themselves.
template <class Numbers> INLINED Split<Numbers> split(Numbers x) {
  Integers<Numbers> is_subnormal = magnitude(x) < 0x1p-1022;
  Numbers normal = choose(is_subnormal, x * 0x1p52, x);
  Integers<Numbers> exponent = biased_exponent(normal) - 1022 - (is_subnormal & 52);
  Integers<Numbers> fraction = (bits(normal) & (sign_bit | fraction_bits)) | half_bits;
  Integers<Numbers> is_itself = (x == 0) | ~(magnitude(x) < infinity);
  return {choose(is_itself, x, from_bits<Numbers>(fraction)), exponent & ~is_itself};
}

/// x · 2^exponent, rounded once. For normal numbers.
template <class Numbers> INLINED Numbers scaled(Numbers x, Integers<Numbers> exponent) {
  Integers<Numbers> total = biased_exponent(x) - 1023 + exponent;
  Integers<Numbers> vanishes = total < -1075, overflows = total > 1023, is_subnormal = total < -1022;
  Integers<Numbers> biased = (total + 1023 + (is_subnormal & 53)) & exponent_mask;
  Numbers result = from_bits<Numbers>((bits(x) & (sign_bit | fraction_bits)) | (biased << 52));
  result = result * power_of_two<Numbers>(is_subnormal & -53);
  result = choose(vanishes, from_bits<Numbers>(sign(x)), result);
  return choose(overflows, from_bits<Numbers>(sign(x) | bits(all<Numbers>(infinity))), result);
}

}  // namespace
#endif
