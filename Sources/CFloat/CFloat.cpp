#include "CFloat.h"

// Digits come from the library's Dragonbox (Jeon 2020), with its whole table.
#define FMT_HEADER_ONLY
#define FMT_USE_FULL_CACHE_DRAGONBOX 1
#include <fmt/format.h>

#include <charconv>
#include <cstring>

/// Eight digits, with leading zeros, the first in the lowest byte: two halves, four pairs, eight at once.
static inline uint64_t eight_digits(uint32_t number) {
  uint64_t halves = number / 10000 | uint64_t(number % 10000) << 32;
  uint64_t hundreds = (halves * 10486 >> 20) & 0x7f0000007f;
  uint64_t pairs = hundreds | (halves - hundreds * 100) << 16;
  uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000f;
  return (tens | (pairs - tens * 10) << 8) + 0x3030303030303030;
}

/// Stores bytes, the lowest first.
static inline void store(unsigned char *output, uint64_t bytes) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  bytes = __builtin_bswap64(bytes);
#endif
  memcpy(output, &bytes, sizeof bytes);
}

extern "C" size_t promgate_write_fraction(double value, unsigned char *output) {
  static const uint64_t powers[17] = {1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull,
    10000000ull, 100000000ull, 1000000000ull, 10000000000ull, 100000000000ull, 1000000000000ull,
    10000000000000ull, 100000000000000ull, 1000000000000000ull, 10000000000000000ull};
  size_t sign = value < 0;
  output[0] = '-';
  output += sign;
  auto decimal = fmt::detail::dragonbox::to_decimal(value < 0 ? -value : value);
  int count = promgate_digit_count(decimal.significand);
  // Seventeen digits, the first alone, sixteen in a register: nothing is read back from memory.
  uint64_t digits = decimal.significand * powers[17 - count];
  unsigned char first = (unsigned char)('0' + digits / 10000000000000000ull);
  digits %= 10000000000000000ull;
  unsigned __int128 rest = (unsigned __int128)eight_digits(uint32_t(digits % 100000000)) << 64
    | eight_digits(uint32_t(digits / 100000000));
  int whole = count + decimal.exponent;
  if (whole > 0) {
    // The point goes in front of the digits behind it, which move by a byte.
    unsigned place = 8 * unsigned(whole - 1);
    unsigned __int128 front = ((unsigned __int128)1 << place) - 1;
    unsigned __int128 text = (rest & front) | (unsigned __int128)'.' << place | (rest & ~front) << 8;
    output[0] = first;
    store(output + 1, uint64_t(text));
    store(output + 9, uint64_t(text >> 64));
    output[17] = (unsigned char)(rest >> 120);
    return sign + size_t(count + 1);
  }
  memcpy(output, "0.000000", 8);
  output += 2 - whole;
  output[0] = first;
  store(output + 1, uint64_t(rest));
  store(output + 9, uint64_t(rest >> 64));
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
