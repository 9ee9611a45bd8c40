// Exponentials and logarithms.
#ifndef PROMGATE_EXPONENTIAL_H
#define PROMGATE_EXPONENTIAL_H

#include "CElementary.h"
#include "lanes.h"

namespace {

/// ln 2 in a part whose products with small integers are exact, and the rest (FreeBSD's msun).
constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
constexpr double ln2 = 0.693147180559945309417232121458176568;
constexpr double log2_of_e = 1.44269504088896340735992468100189214;
constexpr double log10_of_e = 0.434294481903251827651128918916605082;

/// a · b + c
template <promgate_rounding rounding, class Numbers>
INLINED Numbers multiply_add(Numbers a, Numbers b, Numbers c) {
  if constexpr (rounding == PROMGATE_FUSED) return __builtin_elementwise_fma(a, b, c);
  else return a * b + c;
}

/// The exponential after N. Shibata, "Efficient evaluation methods of elementary functions suitable for SIMD
/// computation" (2010): of the sixteenth part of what is left of x without multiples of ln 2, e^r - 1 by its
/// Taylor series; four times (e^r - 1)(e^r + 1) = e^2r - 1.
template <promgate_rounding rounding, class Numbers> INLINED Numbers exp(Numbers x) {
  constexpr double high = 0.69314718055966295651160180568695068359375;
  constexpr double low = 0.28235290563031577122588448175013436025525412068e-12;
  constexpr double inverse_factorials[] = {
    1.9841269841269841270e-4,
    1.3888888888888888889e-3,
    8.3333333333333333333e-3,
    4.1666666666666666667e-2,
    1.6666666666666666667e-1,
    0.5,
    1};
  // Where the result is 0 or infinite anyway, exponents stay in bounds.
  Numbers bounded = choose(x < -800, -800, choose(x > 710, 710, x));
  Numbers multiple = nearest(bounded * log2_of_e);
  Numbers rest = multiply_add<rounding>(-multiple, all<Numbers>(high), bounded);
  rest = multiply_add<rounding>(-multiple, all<Numbers>(low), rest) * 0.0625;
  Numbers sum = all<Numbers>(2.4801587301587301587e-5);
  for (double term : inverse_factorials) sum = multiply_add<rounding>(rest, sum, all<Numbers>(term));
  Numbers less_one = rest * sum;
  for (int i = 0; i < 3; i++) less_one = less_one * (less_one + 2);
  Numbers power = multiply_add<rounding>(less_one + 2, less_one, all<Numbers>(1));
  // Go's assembly gives up a little before the least subnormal number.
  Integers<Numbers> exponent = integers(multiple);
  Integers<Numbers> is_subnormal = exponent <= -1023, vanishes = exponent < -1075;
  // In two factors, the second of bits: a processor takes long over products that nobody wants, if subnormal.
  power = power * power_of_two<Numbers>(exponent + (is_subnormal & 1022));
  power = power * power_of_two<Numbers>(is_subnormal & -1022);
  power = choose(vanishes, 0, power);
  power = choose(x > 7.09782712893384e+02, infinity, power);
  return choose(is_nan(x), x, power);
}

/// 2^x: e^r of |r| <= ½ ln 2 in two parts by a rational function (msun), times a power of two.
template <class Numbers> INLINED Numbers exp2(Numbers x) {
  constexpr double coefficients[] = {
    4.13813679705723846039e-08, -1.65339022054652515390e-06, 6.61375632143793436117e-05,
    -2.77777777770155933842e-03, 1.66666666666666657415e-01};
  Numbers bounded = choose(x > 1024, 1024, choose(x > -1075, x, -1075));
  // Halves away from zero.
  Numbers away = bounded + choose(x < 0, -0.5, either<Numbers>(x > 0, 0.5, 0));
  Numbers whole = nearest(away);
  whole = whole - either<Numbers>(magnitude(whole) > magnitude(away), 1, 0) * either<Numbers>(x < 0, -1, 1);
  Numbers rest = bounded - whole;
  Numbers high = rest * ln2_high, low = -rest * ln2_low;
  Numbers r = high - low;
  Numbers square = r * r;
  Numbers c = r - square * polynomial(square, coefficients);
  Numbers power = scaled(1 - ((low - (r * c) / (2 - c)) - high), integers(whole));
  power = choose(x < -1.0740e+03, 0, choose(x > 1.0239999999999999e+03, infinity, power));
  return choose(is_nan(x), x, power);
}

/// Odd powers in ln(1 + f) = 2s + s R(s²), s = f / (2 + f): msun's minimax coefficients.
constexpr double log_1 = 6.666666666666735130e-01, log_2 = 3.999999999940941908e-01,
                 log_3 = 2.857142874366239149e-01, log_4 = 2.222219843214978396e-01,
                 log_5 = 1.818357216161805012e-01, log_6 = 1.531383769920937332e-01,
                 log_7 = 1.479819860511658591e-01;

/// The natural logarithm as Go's assembly for amd64 computes it: subnormal numbers lose their exponent there.
template <class Numbers> INLINED Numbers log(Numbers x) {
  constexpr double odd_coefficients[] = {log_7, log_5, log_3, log_1};
  constexpr double even_coefficients[] = {log_6, log_4, log_2};
  Numbers fraction = from_bits<Numbers>((bits(x) & fraction_bits) | half_bits);
  Numbers exponent = numbers<Numbers>(biased_exponent(x) - 1022);
  Integers<Numbers> is_low = fraction <= 7.07106781186547524401e-01;
  exponent = exponent - either<Numbers>(is_low, 1, 0);
  Numbers f = fraction * either<Numbers>(is_low, 2, 1) - 1;
  Numbers s = f / (f + 2);
  Numbers s2 = s * s, s4 = s2 * s2;
  Numbers odd = s2 * polynomial(s4, odd_coefficients);
  Numbers even = s4 * polynomial(s4, even_coefficients);
  Numbers half_square = 0.5 * f * f;
  Numbers small = s * (half_square + (odd + even)) + exponent * ln2_low;
  Numbers result = exponent * ln2_high - ((half_square - small) - f);
  result = choose(x == 0, -infinity, choose(x < 0, not_a_number, result));
  return choose(~(x < infinity), x, result);
}

template <class Numbers> INLINED Numbers log2(Numbers x) {
  Split<Numbers> parts = split(x);
  Numbers exponent = numbers<Numbers>(parts.exponent);
  // Powers of two have whole logarithms.
  return choose(parts.fraction == 0.5, exponent - 1, log(parts.fraction) * log2_of_e + exponent);
}

template <class Numbers> INLINED Numbers log10(Numbers x) { return log(x) * log10_of_e; }

/// ln(1 + x), after msun: what 1 + x loses is added again.
template <class Numbers> INLINED Numbers log1p(Numbers x) {
  constexpr double coefficients[] = {log_7, log_6, log_5, log_4, log_3, log_2, log_1};
  Numbers size = magnitude(x);
  // 1 + x = 2^exponent · (1 + f); below √2 and above ½√2, x itself is f.
  Integers<Numbers> is_f = (size < 4.142135623730950488017e-01) & (x > -2.928932188134524755992e-01);
  Integers<Numbers> is_large = size >= 0x1p53;
  Numbers u = choose(is_large, x, 1 + x);
  Integers<Numbers> exponent = biased_exponent(u) - 1023;
  Numbers lost = choose(exponent > 0, 1 - (u - x), x - (u - 1)) / u;
  lost = choose(is_large, 0, lost);
  Integers<Numbers> fraction = bits(u) & fraction_bits;
  Integers<Numbers> is_high = fraction >= 0x0006a09e667f3bcd;
  Numbers f = from_bits<Numbers>(fraction | (is_high & half_bits) | (~is_high & one_bits)) - 1;
  fraction = is_high ? (0x0010000000000000 - fraction) >> 2 : fraction;
  f = choose(is_f, x, f);
  Numbers k = choose(is_f, 0, numbers<Numbers>(exponent - is_high));
  Numbers small = k * ln2_low + lost, large = k * ln2_high;
  Numbers half_square = 0.5 * f * f;
  Numbers s = f / (2 + f), z = s * s;
  Numbers sum = z * polynomial(z, coefficients);
  Numbers result = choose(
    k == 0, f - (half_square - s * (half_square + sum)),
    large - ((half_square - (s * (half_square + sum) + small)) - f));
  // Where f is next to nothing, without the division.
  Integers<Numbers> is_slight = (fraction == 0) & ~is_f;
  Numbers cubic = half_square * (1 - 0.66666666666666666 * f);
  result = choose(is_slight, choose(k == 0, f - cubic, large - ((cubic - small) - f)), result);
  result = choose(is_slight & (f == 0), choose(k == 0, 0, large + (lost + k * ln2_low)), result);
  result = choose(size < 0x1p-29, choose(size < 0x1p-54, x, x - x * x * 0.5), result);
  result = choose(x == infinity, infinity, choose(x == -1, -infinity, result));
  return choose(~(x >= -1), not_a_number, result);
}

}  // namespace
#endif
