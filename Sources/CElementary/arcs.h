// Arcs of sine, cosine and tangent, after Cephes.
#ifndef PROMGATE_ARCS_H
#define PROMGATE_ARCS_H

#include "lanes.h"

namespace {

constexpr double pi = 3.14159265358979323846264338327950288;
constexpr double three_quarters_pi = 2.35619449019234492884698253745962716;

/// The arc of a tangent that is not negative: by a rational function below 0.66, to which larger ones come by
/// the arcs π/2 and π/4.
template <class Numbers> INLINED Numbers positive_arc(Numbers x) {
  constexpr double beyond_half_pi = 6.123233995736765886130e-17;
  constexpr double p[] = {
    -8.750608600031904122785e-01, -1.615753718733365076637e+01, -7.500855792314704667340e+01,
    -1.228866684490136173410e+02, -6.485021904942025371773e+01};
  constexpr double q[] = {
    1,
    2.485846490142306297962e+01,
    1.650270098316988542046e+02,
    4.328810604912902668951e+02,
    4.853903996359136964868e+02,
    1.945506571482613964425e+02};
  Integers<Numbers> is_small = x <= 0.66, is_large = x > 2.41421356237309504880;
  Numbers reduced = choose(is_large, 1, choose(is_small, x, x - 1))
    / choose(is_large, x, choose(is_small, 1, x + 1));
  Numbers z = reduced * reduced;
  Numbers arc = reduced * (z * polynomial(z, p) / polynomial(z, q)) + reduced;
  Numbers upper = choose(is_large, pi / 2 - arc + beyond_half_pi, pi / 4 + arc + 0.5 * beyond_half_pi);
  return choose(is_small, arc, upper);
}

template <class Numbers> INLINED Numbers atan(Numbers x) {
  return choose(x == 0, x, flip(positive_arc(magnitude(x)), sign(x)));
}

template <class Numbers> INLINED Numbers asin(Numbers x) {
  Numbers size = magnitude(x);
  Numbers cosine = square_root(1 - size * size);
  Integers<Numbers> is_large = size > 0.7;
  Numbers arc = positive_arc(choose(is_large, cosine, size) / choose(is_large, size, cosine));
  arc = choose(is_large, pi / 2 - arc, arc);
  return choose(x == 0, x, choose(size <= 1, flip(arc, sign(x)), not_a_number));
}

template <class Numbers> INLINED Numbers acos(Numbers x) { return pi / 2 - asin(x); }

/// The arc of the point (x, y) from the positive x axis.
template <class Numbers> INLINED Numbers atan2(Numbers y, Numbers x) {
  Numbers arc = atan(y / x);
  Numbers result = choose(x < 0, choose(arc <= 0, arc + pi, arc - pi), arc);
  Integers<Numbers> is_left = sign(x) != 0;
  Integers<Numbers> is_far = magnitude(x) == infinity, is_high = magnitude(y) == infinity;
  // The axes and the diagonals at infinity.
  Numbers diagonal = either<Numbers>(is_left, three_quarters_pi, pi / 4);
  Numbers axis = either<Numbers>(is_left, pi, 0);
  Numbers special = choose((y == 0) | (is_far & ~is_high), axis, choose(is_far, diagonal, pi / 2));
  result = choose((x == 0) | (y == 0) | is_far | is_high, flip(special, sign(y)), result);
  return choose(is_nan(x) | is_nan(y), not_a_number, result);
}

}  // namespace
#endif
