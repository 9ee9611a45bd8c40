// Hyperbolic functions and their inverses.
#ifndef PROMGATE_HYPERBOLIC_H
#define PROMGATE_HYPERBOLIC_H

#include "exponential.h"

namespace {

/// Up to one half by the rational function 2029 of Hart and Cheney, "Computer Approximations".
template <promgate_rounding rounding, class Numbers> INLINED Numbers sinh(Numbers x) {
  constexpr double p[] = {
    -0.2630563213397497062819489e+2, -0.2894211355989563807284660366e+4, -0.8991272022039509355398013511e+5,
    -0.6307673640497716991184787251e+6};
  constexpr double q[] = {
    1, -0.173678953558233699533450911e+3, 0.1521517378790019070696485176e+5,
    -0.6307673640497716991212077277e+6};
  Numbers size = magnitude(x);
  Numbers power = exp<rounding>(size);
  Numbers large = choose(size > 21, power, power - 1 / power) * 0.5;
  Numbers square = x * x;
  Numbers small = polynomial(square, p) * size / polynomial(square, q);
  return flip(choose(size > 0.5, large, small), sign(x));
}

template <promgate_rounding rounding, class Numbers> INLINED Numbers cosh(Numbers x) {
  Numbers size = magnitude(x);
  Numbers power = exp<rounding>(size);
  return choose(size > 21, power, power + 1 / power) * 0.5;
}

/// After Cephes.
template <promgate_rounding rounding, class Numbers> INLINED Numbers tanh(Numbers x) {
  constexpr double p[] = {-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3};
  constexpr double q[] = {1, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3};
  Numbers size = magnitude(x);
  Numbers large = 1 - 2 / (exp<rounding>(2 * size) + 1);
  large = flip(choose(size > 0.5 * 8.8029691931113054295988e+01, 1, large), sign(x));
  Numbers s = x * x;
  Numbers small = x + x * s * polynomial(s, p) / polynomial(s, q);
  return choose(x == 0, x, choose(size >= 0.625, large, small));
}

/// This and the next two after msun.
template <class Numbers> INLINED Numbers asinh(Numbers x) {
  Numbers size = magnitude(x);
  Numbers root = square_root(size * size + 1);
  Integers<Numbers> is_huge = size > 0x1p28;
  Integers<Numbers> is_large = size > 2;
  Numbers large = size, small = size;
  // Few columns have both.
  if (any(is_large)) {
    large = log(choose(is_huge, size, 2 * size + 1 / (root + size)));
    large = choose(is_huge, large + ln2, large);
  }
  if (any(~is_large)) small = log1p(size + size * size / (1 + root));
  small = choose(size < 0x1p-28, size, small);
  Numbers result = flip(choose(is_large, large, small), sign(x));
  return choose(size < infinity, result, x);
}

template <class Numbers> INLINED Numbers acosh(Numbers x) {
  Integers<Numbers> is_huge = x >= 0x1p28, is_large = x > 2;
  Numbers t = x - 1;
  Numbers large = x, small = x;
  if (any(is_large)) {
    large = log(choose(is_huge, x, 2 * x - 1 / (x + square_root(x * x - 1))));
    large = choose(is_huge, large + ln2, large);
  }
  if (any(~is_large)) small = log1p(t + square_root(2 * t + t * t));
  Numbers result = choose(is_large, large, choose(x == 1, 0, small));
  return choose(x >= 1, result, not_a_number);
}

template <class Numbers> INLINED Numbers atanh(Numbers x) {
  Numbers size = magnitude(x);
  Numbers twice = size + size;
  Numbers argument = choose(size < 0.5, twice + twice * size / (1 - size), twice / (1 - size));
  Numbers result = choose(size < 0x1p-28, size, 0.5 * log1p(argument));
  result = flip(choose(size == 1, infinity, result), sign(x));
  return choose(size <= 1, result, not_a_number);
}

}  // namespace
#endif
