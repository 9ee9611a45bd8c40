// The digits of numbers, behind plain functions.
#ifndef PROMGATE_CFLOAT_H
#define PROMGATE_CFLOAT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that the text of a number takes, or touches, at most.
#define PROMGATE_NUMBER_ROOM 32

/// Writes a number as the API has it (http-api.md §3): the shortest decimal that stands for it, with an
/// exponent below 1e-6 and from 1e21 on, `NaN`, `+Inf`, `-Inf`. How many bytes it has.
size_t promgate_write_number(double value, unsigned char *output);

/// Bytes from one time to the next where several are written.
#define PROMGATE_TIME_ROOM 32

/// Writes samples, each as the text of its time, that of its value and `"],`. `times`: texts of
/// `PROMGATE_TIME_ROOM` bytes each, of which `lengths` count. How many bytes were written: at most the sum of
/// both rooms a sample, which may be touched too.
size_t promgate_write_samples(
  const unsigned char *times, const uint8_t *lengths, const double *values, size_t count,
  unsigned char *output);

#ifdef __cplusplus
}
#endif

/// How many decimal digits a number has; one for zero.
static inline int promgate_digit_count(uint64_t number) {
  static const uint64_t powers[20] = {
    1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull, 100000000ull, 1000000000ull,
    10000000000ull, 100000000000ull, 1000000000000ull, 10000000000000ull, 100000000000000ull,
    1000000000000000ull, 10000000000000000ull, 100000000000000000ull, 1000000000000000000ull,
    10000000000000000000ull};
  if (number < 10) return 1;
  // log10 from the number of bits, corrected by one comparison.
  int estimate = ((64 - __builtin_clzll(number)) * 1233) >> 12;
  return estimate + (estimate > 19 || number >= powers[estimate]);
}

/// Writes the last `length` decimal digits of a number, with leading zeros.
static inline void promgate_write_digits(uint64_t number, int length, unsigned char *output) {
  static const char pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
  while (length >= 2) {
    uint64_t rest = number / 100;
    const char *pair = pairs + 2 * (number - rest * 100);
    length -= 2;
    output[length] = pair[0];
    output[length + 1] = pair[1];
    number = rest;
  }
  if (length == 1) output[0] = '0' + number % 10;
}
#endif
