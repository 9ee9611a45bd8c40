#include "CFloat.h"

// Digits come from the library's Dragonbox (Jeon 2020), with its whole table.
#define FMT_HEADER_ONLY
#define FMT_USE_FULL_CACHE_DRAGONBOX 1
#include <fmt/format.h>

#include <charconv>
#include <cstring>

/// Eight digits, with leading zeros: two halves, four pairs, eight digits at once.
static inline void write_eight(uint32_t number, unsigned char *output) {
  uint64_t halves = number / 10000 | uint64_t(number % 10000) << 32;
  uint64_t hundreds = (halves * 10486 >> 20) & 0x7f0000007f;
  uint64_t pairs = hundreds | (halves - hundreds * 100) << 16;
  uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000f;
  uint64_t digits = (tens | (pairs - tens * 10) << 8) + 0x3030303030303030;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  digits = __builtin_bswap64(digits);
#endif
  memcpy(output, &digits, sizeof digits);
}

extern "C" size_t promgate_write_fraction(double value, unsigned char *output) {
  size_t sign = value < 0;
  output[0] = '-';
  output += sign;
  auto decimal = fmt::detail::dragonbox::to_decimal(value < 0 ? -value : value);
  // Seventeen digits at most, behind zeros; room for copies of fixed size behind them.
  unsigned char digits[56];
  uint64_t rest = decimal.significand / 100000000;
  write_eight(uint32_t(rest / 100000000), digits);
  write_eight(uint32_t(rest % 100000000), digits + 8);
  write_eight(uint32_t(decimal.significand % 100000000), digits + 16);
  memset(digits + 24, '0', sizeof digits - 24);
  int count = promgate_digit_count(decimal.significand);
  const unsigned char *first = digits + 24 - count;
  int whole = count + decimal.exponent;
  if (whole > 0) {
    memcpy(output, first, 16);
    output[whole] = '.';
    memcpy(output + whole + 1, first + whole, 24);
    return sign + size_t(count + 1);
  }
  memcpy(output, "0.000000", 8);
  memcpy(output + 2 - whole, first, 24);
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
