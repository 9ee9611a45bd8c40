// Powers.
#ifndef PROMGATE_POWER_H
#define PROMGATE_POWER_H

#include "exponential.h"

namespace {

/// x^|y| of an integer part by squares of x's fraction, its exponent kept aside, and of a fraction of y by
/// exponential and logarithm; the way of Go's `math.Pow`.
template <promgate_rounding rounding, class Numbers>
INLINED Numbers ordinary_power(Numbers x, Numbers y, Numbers whole, Numbers rest) {
  Numbers product = all<Numbers>(1);
  Integers<Numbers> has_rest = rest != 0, is_upper = rest > 0.5;
  if (any(has_rest)) {
    rest = choose(is_upper, rest - 1, rest);
    whole = choose(is_upper, whole + 1, whole);
    product = choose(has_rest, exp<rounding>(rest * log(x)), 1);
  }
  Integers<Numbers> count = __builtin_convertvector(whole, Integers<Numbers>);
  auto [square, binary_exponent] = split(x);
  // As numbers, exponents do not overflow, however large.
  Numbers exponent = numbers<Numbers>(binary_exponent), total = all<Numbers>(0);
  for (uint64_t digits = (uint64_t)__builtin_reduce_or(count); digits != 0; digits >>= 1) {
    Integers<Numbers> is_odd = -(count & 1);
    product = choose(is_odd, product * square, product);
    total = choose(is_odd, total + exponent, total);
    square = square * square;
    exponent = exponent + exponent - either<Numbers>(square < 0.5, 1, 0);
    // At least one half again.
    square = from_bits<Numbers>((bits(square) & fraction_bits) | half_bits);
    count = (count >> 1) & INT64_MAX;
  }
  Integers<Numbers> is_inverse = y < 0;
  total = choose(total > 8192, 8192, choose(total < -8192, -8192, total));
  return scaled(choose(is_inverse, 1 / product, product), integers(choose(is_inverse, -total, total)));
}

/// x^y with all special cases of Go's `math.Pow`.
template <promgate_rounding rounding, class Numbers> INLINED Numbers power(Numbers x, Numbers y) {
  Numbers size = magnitude(y);
  // From 2^63 on, infinity included, all but ±1 vanish or overflow.
  Integers<Numbers> is_huge = size >= 0x1p63;
  Integers<Numbers> is_number = ~(is_nan(x) | is_nan(y));
  size = choose(is_number & ~is_huge, size, 0);
  Numbers whole = __builtin_elementwise_trunc(size), rest = size - whole;
  Numbers result = ordinary_power<rounding>(x, y, whole, rest);
  result = choose((rest != 0) & (x < 0), not_a_number, result);
  result = choose(y == 0.5, square_root(x), choose(y == -0.5, 1 / square_root(x), result));

  Integers<Numbers> is_zero = x == 0, is_infinite = magnitude(x) == infinity;
  Integers<Numbers> overflows = (magnitude(x) < 1) == (y < 0);
  Integers<Numbers> is_odd = -(__builtin_convertvector(whole, Integers<Numbers>) & 1);
  is_odd = is_odd & (rest == 0) & (size < 0x1p53);
  Numbers extreme = either<Numbers>(overflows, infinity, 0);
  result = choose(is_zero | is_infinite, flip(extreme, sign(x) & is_odd), result);
  result = choose(is_huge, choose(x == -1, 1, extreme), result);
  result = choose(is_number, result, not_a_number);
  result = choose(y == 1, x, result);
  return choose((y == 0) | (x == 1), 1, result);
}

}  // namespace
#endif
