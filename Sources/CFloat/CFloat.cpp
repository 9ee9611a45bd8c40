#include "CFloat.h"

// Digits come from the library's Dragonbox (Jeon 2020), with its whole table.
#define FMT_HEADER_ONLY
#define FMT_USE_FULL_CACHE_DRAGONBOX 1
#include <fmt/format.h>

#include <charconv>
#include <cstring>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "texts are put together in registers whose lowest byte comes first"
#endif

namespace {

using Lanes64 = uint64_t __attribute__((vector_size(16)));
using Lanes16 = uint16_t __attribute__((vector_size(16)));
using Text = uint8_t __attribute__((vector_size(16)));

constexpr uint64_t ten_to_16 = 10000000000000000;

/// The four pairs of a number of eight digits, each as a number below 100, the first in the lowest bits.
inline uint64_t four_pairs(uint64_t number) {
  uint64_t first = number / 10000;
  uint64_t halves = first | (number - first * 10000) << 32;
  uint64_t hundreds = (halves * 10486 >> 20) & 0x7f0000007f;
  return hundreds | (halves - hundreds * 100) << 16;
}

/// Sixteen digits as text, with leading zeros: never through memory, and both halves at once.
inline Text sixteen_digits(uint64_t number) {
  uint64_t first = number / 100000000;
  Lanes64 halves = {four_pairs(first), four_pairs(number - first * 100000000)};
  Lanes16 pairs = (Lanes16)halves;
  Lanes16 tens = pairs * 103 >> 10;
  return (Text)(tens | (pairs - tens * 10) << 8) + '0';
}

inline void store(unsigned char *output, Text text) { memcpy(output, &text, sizeof text); }

}  // namespace

extern "C" size_t promgate_write_fraction(double value, int *exponent, unsigned char *output) {
  static const uint64_t powers[17] = {1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull,
    10000000ull, 100000000ull, 1000000000ull, 10000000000ull, 100000000000ull, 1000000000000ull,
    10000000000000ull, 100000000000000ull, 1000000000000000ull, ten_to_16};
  static const uint8_t front[32] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  size_t sign = value < 0;
  output[0] = '-';
  output += sign;
  auto decimal = fmt::detail::dragonbox::to_decimal(value < 0 ? -value : value);
  *exponent = decimal.exponent;
  int count = promgate_digit_count(decimal.significand);
  // Seventeen digits, the first alone, sixteen in a register: nothing is read back from memory.
  uint64_t digits = decimal.significand * powers[17 - count];
  uint64_t first = digits / ten_to_16;
  Text rest = sixteen_digits(digits - first * ten_to_16);
  int whole = count + decimal.exponent;
  if (whole > 0) {
    // The point goes in front of the digits behind it, which move by a byte.
    Text moved = __builtin_shufflevector(rest, rest, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    Text stays;
    memcpy(&stays, front + 16 - (whole - 1), sizeof stays);
    output[0] = (unsigned char)('0' + first);
    store(output + 2, rest);
    store(output + 1, (rest & stays) | (moved & ~stays));
    output[whole] = '.';
    return sign + size_t(count + 1);
  }
  memcpy(output, "0.000000", 8);
  output += 2 - whole;
  output[0] = (unsigned char)('0' + first);
  store(output + 1, rest);
  return sign + size_t(2 - whole + count);
}

extern "C" size_t promgate_shortest_fixed(double value, char *output, size_t room) {
  auto result = std::to_chars(output, output + room, value, std::chars_format::fixed);
  return result.ec == std::errc() ? size_t(result.ptr - output) : 0;
}

extern "C" size_t promgate_shortest_scientific(double value, char *output, size_t room) {
  auto result = std::to_chars(output, output + room, value, std::chars_format::scientific);
  return result.ec == std::errc() ? size_t(result.ptr - output) : 0;
}
