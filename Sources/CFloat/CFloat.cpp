#include "CFloat.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "texts are put together in registers whose lowest byte comes first"
#endif

// Vectors wider than the processor's stay inside of functions.
#pragma clang diagnostic ignored "-Wpsabi"

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define FOR_EACH_PROCESSOR
#endif
// A function of vectors takes the vector unit of its caller.
#define INLINED static inline __attribute__((always_inline))

namespace {

/// Numbers that are worked on at once, one a lane.
constexpr int lanes = 8;
using Words = uint64_t __attribute__((vector_size(8 * lanes)));
using Shorts = uint16_t __attribute__((vector_size(8 * lanes)));
using Products = uint32_t __attribute__((vector_size(16 * lanes)));
using Text = uint8_t __attribute__((vector_size(16)));
using Halves = uint64_t __attribute__((vector_size(16)));
using Flags = bool __attribute__((ext_vector_type(16)));

constexpr uint64_t sign_bit = 1ull << 63, hidden_bit = 1ull << 52;
constexpr uint64_t ten_to_8 = 100000000, ten_to_16 = ten_to_8 * ten_to_8;
/// 1e-6 and 1e15 as bits: what lies between is written here, the rest by the C++ library.
constexpr uint64_t smallest = 0x3eb0c6f7a0b5ed8d, limit = 0x430c6bf526340000;
/// Their binary exponents, as doubles hold them.
constexpr int lowest_exponent = smallest >> 52, exponents = int(limit >> 52) - lowest_exponent + 1;

/// What brings the doubles of one binary exponent to an integer of 15 or 16 digits and a fraction.
struct Scale {
  /// A power of five: ten to the same power scales.
  uint64_t power;
  /// Bits behind the binary point of the scaled number.
  uint8_t shift;
  /// Digits in front of the decimal point when the scaled integer has 16.
  int8_t whole;
};

struct Scales {
  Scale of[exponents];

  constexpr Scales() : of{} {
    for (int i = 0; i < exponents; i++) {
      // 10^tens is the largest power of ten up to 2^bits.
      int bits = 1075 - (lowest_exponent + i), tens = bits * 1233 >> 12;
      uint64_t power = 1;
      for (int k = 0; k < tens; k++) power *= 5;
      of[i] = {power, uint8_t(bits - tens), int8_t(16 - tens)};
    }
  }
};

constexpr Scales scales;

INLINED Words low_half(Words words) { return words & 0xffffffff; }

/// The product of the low halves.
INLINED Words times(Words a, Words b) { return low_half(a) * low_half(b); }
INLINED Words times(Words a, uint64_t b) { return low_half(a) * (Words{} + b); }

INLINED Words ten_times(Words words) { return (words << 3) + (words << 1); }

/// One where a difference is below zero, else zero.
INLINED Words is_negative(Words difference) { return difference >> 63; }

/// The digits of numbers below 10^8, the first in the lowest byte.
INLINED Words eight_digits(Words number) {
  // Multiplications stand for divisions; each step halves what a part holds.
  Words first = times(number, 109951163) >> 40;
  Shorts fours = (Shorts)(first | (number - times(first, 10000)) << 32);
  Products wide = __builtin_convertvector(fours, Products);
  Shorts hundreds = __builtin_convertvector(wide * 5243 >> 19, Shorts);
  Shorts pairs = (Shorts)((Words)hundreds | (Words)(fours - hundreds * 100) << 16);
  Shorts tens = pairs * 103 >> 10;
  return (Words)(tens | (pairs - tens * 10) << 8);
}

/// The shortest decimals that stand for doubles: seventeen digits, with zeros at the end.
struct Decimals {
  Words first, middle, last;
  /// Whether the scaled integer had 15 digits: one less in front of the decimal point.
  Words is_short;
};

/// The way of Schubfach (Giulietti 2020): a number is scaled so that its last place is worth one to ten
/// units. At most one multiple of ten is as near as half a place, and then it is the shortest; else it
/// is the nearest unit. In this range scaled numbers are exact, 102 bits at most, so no case is left open.
/// Below a power of two the place is smaller: these have few digits in this range, and are met exactly.
INLINED Decimals shortest(Words bits, Words power, Words shift) {
  Words mantissa = (bits & (hidden_bit - 1)) | hidden_bit;
  Words low = times(mantissa, power);
  Words middle = times(mantissa, power >> 32) + times(mantissa >> 32, power) + (low >> 32);
  Words high = times(mantissa >> 32, power >> 32) + (middle >> 32);
  low = low_half(low) | middle << 32;
  // Tens, and the part of a ten that is left, in units of 2^-shift tens. Half a place is `power` / 2 of
  // them, which is odd: nothing lies on the edge.
  Words tens = high << (64 - shift) | low >> shift;
  Words ten = (Words{} + 1) << shift, rest = low & (ten - 1);
  Words is_below = is_negative(2 * rest - power), is_above = is_negative(2 * (ten - rest) - power);
  Words unit = ten_times(rest) >> shift, left = ten_times(rest) & (ten - 1);
  // Up from a half on, where that is even.
  unit += is_negative(ten - 2 * left - (unit & 1));
  Words number = ten_times(tens + is_above) + (unit & ((is_below | is_above) - 1));

  Words is_short = is_negative(number - ten_to_16);
  number ^= (number ^ ten_times(number)) & -is_short;
  // The quotient is one too small at most.
  Words front = times(number >> 25, 2882303761) >> 33;
  Words back = number - times(front, ten_to_8);
  Words is_more = is_negative(ten_to_8 - 1 - back);
  front += is_more;
  back -= -is_more & ten_to_8;
  Words first = times(front, 1441151881) >> 57;
  return {first, eight_digits(front - times(first, ten_to_8)), eight_digits(back), is_short};
}

/// Decimals of some doubles, with room in memory for a whole number of vectors.
struct Chunk {
  static constexpr size_t size = 64;
  alignas(64) uint64_t bits[size], power[size], shift[size];
  alignas(64) uint64_t first[size], middle[size], last[size], is_short[size];
  int8_t whole[size];
};

/// `count`: `Chunk::size` at most. What is out of range gets any decimal.
INLINED void shorten(const double *values, size_t count, Chunk &chunk) {
  size_t end = (count + lanes - 1) / lanes * lanes;
  memcpy(chunk.bits, values, count * sizeof(double));
  for (size_t i = count; i < end; i++) chunk.bits[i] = 0;
  for (size_t i = 0; i < end; i++) {
    unsigned exponent = unsigned(chunk.bits[i] >> 52 & 0x7ff) - lowest_exponent;
    const Scale &scale = scales.of[exponent < exponents ? exponent : 0];
    chunk.power[i] = scale.power;
    chunk.shift[i] = scale.shift;
    chunk.whole[i] = scale.whole;
  }
  for (size_t i = 0; i < end; i += lanes) {
    Words bits, power, shift;
    memcpy(&bits, chunk.bits + i, sizeof bits);
    memcpy(&power, chunk.power + i, sizeof power);
    memcpy(&shift, chunk.shift + i, sizeof shift);
    Decimals decimals = shortest(bits, power, shift);
    memcpy(chunk.first + i, &decimals.first, sizeof bits);
    memcpy(chunk.middle + i, &decimals.middle, sizeof bits);
    memcpy(chunk.last + i, &decimals.last, sizeof bits);
    memcpy(chunk.is_short + i, &decimals.is_short, sizeof bits);
  }
}

/// Values that are seldom, zero among them: what the C++ library writes, as Go lays it out.
__attribute__((noinline)) unsigned char *write_other(double value, unsigned char *output) {
  if (value != value) return (unsigned char *)memcpy(output, "NaN", 3) + 3;
  if (std::signbit(value)) {
    *output++ = '-';
    value = -value;
  } else if (value > std::numeric_limits<double>::max()) {
    *output++ = '+';
  }
  if (value > std::numeric_limits<double>::max()) return (unsigned char *)memcpy(output, "Inf", 3) + 3;
  if (value == 0) {
    *output = '0';
    return output + 1;
  }
  // The library writes all digits of large integers, Go zeros behind the shortest.
  bool is_exact = value >= 1e-6 && value < 0x1p53, is_scientific = value < 1e-6 || value >= 1e21;
  auto format = is_exact ? std::chars_format::fixed : std::chars_format::scientific;
  char *text = (char *)output;
  char *end = std::to_chars(text, text + 24, value, format).ptr;
  if (is_exact || is_scientific) return (unsigned char *)end;
  char *exponent = end;
  while (*--exponent != 'e') {}
  size_t digits = exponent - text, length = size_t(exponent[2] - '0') * 10 + size_t(exponent[3] - '0') + 1;
  if (digits > 1) memmove(text + 1, text + 2, --digits - 1);
  memset(text + digits, '0', length - digits);
  return output + length;
}

/// As many bytes of ones as digits stay in front of the point, behind the first.
constexpr uint8_t stays[32] = {
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

/// Writes the text of a chunk's number; where it ends. Touches 32 bytes at most.
INLINED unsigned char *write(const Chunk &chunk, size_t i, unsigned char *output) {
  uint64_t magnitude = chunk.bits[i] & ~sign_bit;
  if (magnitude - smallest >= limit - smallest) {
    double value;
    memcpy(&value, chunk.bits + i, sizeof value);
    return write_other(value, output);
  }
  output[0] = '-';
  output += chunk.bits[i] >> 63;
  Text rest = (Text)Halves{chunk.middle[i], chunk.last[i]};
  Flags is_digit = __builtin_convertvector(rest != 0, Flags);
  uint16_t mask;
  memcpy(&mask, &is_digit, sizeof mask);
  // Digits up to the last that is no zero, the first one among them.
  int digits = 32 - __builtin_clz(mask * 2u | 1);
  int whole = chunk.whole[i] - int(chunk.is_short[i]);
  unsigned char first = (unsigned char)('0' + chunk.first[i]);
  rest += '0';
  if (whole <= 0) {
    memcpy(output, "0.000000", 8);
    output += 2 - whole;
    output[0] = first;
    memcpy(output + 1, &rest, sizeof rest);
    return output + digits;
  }
  output[0] = first;
  if (digits <= whole) {
    memcpy(output + 1, &rest, sizeof rest);
    return output + whole;
  }
  // The point goes in front of the digits behind it, which move by a byte.
  Text moved = __builtin_shufflevector(rest, rest, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
  Text front;
  memcpy(&front, stays + 16 - (whole - 1), sizeof front);
  memcpy(output + 2, &rest, sizeof rest);
  rest = (rest & front) | (moved & ~front);
  memcpy(output + 1, &rest, sizeof rest);
  output[whole] = '.';
  return output + digits + 1;
}

}  // namespace

extern "C" FOR_EACH_PROCESSOR size_t promgate_write_number(double value, unsigned char *output) {
  Chunk chunk;
  shorten(&value, 1, chunk);
  return size_t(write(chunk, 0, output) - output);
}

extern "C" FOR_EACH_PROCESSOR size_t promgate_write_samples(
  const unsigned char *times, const uint8_t *lengths, const double *values, size_t count,
  unsigned char *output) {
  unsigned char *place = output;
  Chunk chunk;
  for (size_t start = 0; start < count; start += Chunk::size) {
    size_t size = count - start < Chunk::size ? count - start : Chunk::size;
    shorten(values + start, size, chunk);
    for (size_t i = 0; i < size; i++) {
      memcpy(place, times, PROMGATE_TIME_ROOM);
      times += PROMGATE_TIME_ROOM;
      place = write(chunk, i, place + *lengths++);
      memcpy(place, "\"],", 3);
      place += 3;
    }
  }
  return size_t(place - output);
}
