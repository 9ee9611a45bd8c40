// Sine, cosine and tangent, after Cephes.
#ifndef PROMGATE_TRIGONOMETRIC_H
#define PROMGATE_TRIGONOMETRIC_H

#include "lanes.h"

namespace {

constexpr double quarter_pi = 0.785398163397448309615660845819875721;

/// An angle as an even number of eighths of a turn, and what is left, at most one of them in magnitude.
template <class Numbers> struct Angle {
  Integers<Numbers> eighths;
  Numbers rest;
};

/// 4/π in binary: the whole part, then 64 digits each.
constexpr uint64_t four_over_pi[] = {
  0x0000000000000001, 0x45f306dc9c882a53, 0xf84eafa3ea69bb81, 0xb6c52b3278872083, 0xfca2c757bd778ac3,
  0x6e48dc74849ba5c0, 0x0c925dd413a32439, 0xfc3bd63962534e7d, 0xd1046bea5d768909, 0xd338e04d68befc82,
  0x7323ac7306a673e9, 0x3908bf177bf25076, 0x3ff12fffbc0b301f, 0xde5e2316b414da3e, 0xda6cfd9e4f96136e,
  0x9e8c7ecd3cbfd45a, 0xea4f758fd7cbe2f6, 0x7a0e73ef14a525d4, 0xd7f6bf623f1aba10, 0xac06608df8f6d757};

struct LargeAngle {
  int64_t eighths;
  double rest;
};

/// The angle of a large number by the digits of 4/π that matter to it (Payne and Hanek, as described by
/// K. C. Ng, "Argument reduction for huge arguments", 1992): of a product of 192 bits, 3 are the eighths and
/// those behind them their fraction. What Go takes of the middle word for a small fraction has been shifted
/// by three places less than the upper one.
static inline LargeAngle large_angle(double x) {
  if (!(x < infinity)) return {0, not_a_number};
  int64_t form;
  __builtin_memcpy(&form, &x, sizeof form);
  uint64_t mantissa = (uint64_t)((form & fraction_bits) | (fraction_bits + 1));
  unsigned place = (unsigned)(form >> 52) - 1023 - 52 + 61, shift = place % 64;
  const uint64_t *digits = four_over_pi + place / 64;
  using Wide = unsigned __int128;
  auto window = [=](int i) {
    return (uint64_t)((((Wide)digits[i] << 64 | digits[i + 1]) << shift) >> 64);
  };
  Wide product = (Wide)window(1) * mantissa + (uint64_t)((Wide)window(2) * mantissa >> 64);
  product += (Wide)(window(0) * mantissa) << 64;
  int64_t eighths = (int64_t)(product >> 125);
  uint64_t upper = (uint64_t)(product >> 61), middle = (uint64_t)product;
  unsigned zeros = upper == 0 ? 64 : (unsigned)__builtin_clzll(upper);
  // Without the leading one, 52 bits.
  uint64_t fraction = (uint64_t)((((Wide)upper << 64 | middle) << zeros << 1) >> 64) >> 12;
  form = (int64_t)((uint64_t)(1023 - (zeros + 1)) << 52 | fraction);
  double rest;
  __builtin_memcpy(&rest, &form, sizeof rest);
  if (eighths & 1) {
    eighths = (eighths + 1) & 7;
    rest -= 1;
  }
  return {eighths, rest * quarter_pi};
}

/// Of numbers that are not negative. Below 2^29 with π/4 in three parts, whose products with the number of
/// eighths are exact.
template <class Numbers> INLINED Angle<Numbers> angle(Numbers x) {
  Integers<Numbers> is_large = ~(x < 0x1p29);
  Numbers turns = choose(is_large, 0, x) * 1.27323954473516268615107010698140931;
  Numbers whole = nearest(turns);
  whole = whole - either<Numbers>(whole > turns, 1, 0);
  Integers<Numbers> eighths = integers(whole), is_odd = -(eighths & 1);
  eighths = eighths - is_odd;
  whole = whole + either<Numbers>(is_odd, 1, 0);
  Numbers rest = ((x - whole * 7.85398125648498535156e-1) - whole * 3.77489470793079817668e-8)
    - whole * 2.69515142907905952645e-15;
  if (__builtin_expect(any(is_large), 0)) {
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
      if (is_large[i] == 0) continue;
      LargeAngle large = large_angle(x[i]);
      eighths[i] = large.eighths;
      rest[i] = large.rest;
    }
  }
  return {eighths & 7, rest};
}

template <class Numbers> INLINED Numbers sine_of_rest(Numbers z) {
  constexpr double coefficients[] = {
    1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
    -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1};
  Numbers zz = z * z;
  return z + z * zz * polynomial(zz, coefficients);
}

template <class Numbers> INLINED Numbers cosine_of_rest(Numbers z) {
  constexpr double coefficients[] = {
    -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7,
    2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2};
  Numbers zz = z * z;
  return 1 - 0.5 * zz + zz * zz * polynomial(zz, coefficients);
}

template <class Numbers> INLINED Numbers sin(Numbers x) {
  auto [eighths, z] = angle(magnitude(x));
  Integers<Numbers> is_cosine = (eighths & 2) != 0;
  Numbers result = choose(is_cosine, cosine_of_rest(z), sine_of_rest(z));
  return choose(x == 0, x, flip(result, sign(x) ^ sign_where(eighths > 3)));
}

template <class Numbers> INLINED Numbers cos(Numbers x) {
  auto [eighths, z] = angle(magnitude(x));
  Integers<Numbers> is_sine = (eighths & 2) != 0;
  Numbers result = choose(is_sine, sine_of_rest(z), cosine_of_rest(z));
  return flip(result, sign_where((eighths == 2) | (eighths == 4)));
}

template <class Numbers> INLINED Numbers tan(Numbers x) {
  constexpr double p[] = {-1.30936939181383777646e4, 1.15351664838587416140e6, -1.79565251976484877988e7};
  constexpr double q[] = {
    1, 1.36812963470692954678e4, -1.32089234440210967447e6, 2.50083801823357915839e7,
    -5.38695755929454629881e7};
  auto [eighths, z] = angle(magnitude(x));
  Numbers zz = z * z;
  Numbers tangent = choose(zz > 1e-14, z + z * (zz * polynomial(zz, p) / polynomial(zz, q)), z);
  tangent = choose((eighths & 2) != 0, -1 / tangent, tangent);
  return choose(x == 0, x, flip(tangent, sign(x)));
}

}  // namespace
#endif
