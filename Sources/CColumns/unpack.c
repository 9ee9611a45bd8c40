#include "CColumns.h"

#include <string.h>

static inline uint64_t word(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

/// The code at a position: up to nine bytes are read.
static inline uint64_t code(const uint8_t *codes, size_t position, unsigned width, uint64_t mask) {
  size_t bit = position * width;
  unsigned skipped = bit & 7;
  uint64_t low = word(codes + (bit >> 3)) >> skipped;
  if (width > 57 && skipped != 0) low |= (uint64_t)codes[(bit >> 3) + 8] << (64 - skipped);
  return low & mask;
}

static inline double value(int64_t integer, double divisor) {
  if (divisor == 0) {
    double value;
    memcpy(&value, &integer, sizeof value);
    return value;
  }
  return divisor == 1 ? (double)integer : (double)integer / divisor;
}

/// Values `start` to `count`, one after the other; `last` is the integer of the value before.
static inline __attribute__((always_inline)) void unpack_each(
  const promgate_packing *packing, const uint8_t *codes, size_t start, size_t count, int64_t last,
  double divisor, double *output) {
  unsigned width = packing->width, shift = packing->shift;
  uint64_t mask = width == 64 ? ~0ull : (1ull << width) - 1;
  if (packing->holds_differences) {
    uint64_t integer = (uint64_t)last;
    for (size_t i = start; i < count; i++) {
      integer += (uint64_t)packing->least + (code(codes, i - 1, width, mask) << shift);
      output[i] = value((int64_t)integer, divisor);
    }
  } else {
    for (size_t i = start; i < count; i++) {
      output[i] = value((int64_t)((uint64_t)packing->base + (code(codes, i, width, mask) << shift)), divisor);
    }
  }
}

static void unpack_plainly(
  const promgate_packing *packing, const uint8_t *codes, size_t start, size_t count, int64_t last,
  double *output) {
  // A loop for each way in which an integer becomes a value.
  if (packing->divisor == 0) unpack_each(packing, codes, start, count, last, 0, output);
  else if (packing->divisor == 1) unpack_each(packing, codes, start, count, last, 1, output);
  else unpack_each(packing, codes, start, count, last, packing->divisor, output);
}

#if defined(__x86_64__)
#include <immintrin.h>

/// The widest code that lies in four bytes wherever it begins.
enum { widest = 25 };

/// Where eight codes of a width begin: bytes within the sixteen that are loaded for four of them, and bits.
static struct eight {
  uint8_t places[32];
  uint32_t bits[8];
} eights[widest + 1];

/// The byte of the fifth code.
static inline size_t second_half(unsigned width) { return 4 * width / 8; }

__attribute__((constructor)) static void prepare_eights(void) {
  for (unsigned width = 0; width <= widest; width++) {
    for (unsigned i = 0; i < 8; i++) {
      unsigned bit = i * width - (i < 4 ? 0 : 8 * (unsigned)second_half(width));
      eights[width].bits[i] = bit & 7;
      for (unsigned j = 0; j < 4; j++) eights[width].places[4 * i + j] = (uint8_t)(bit / 8 + j);
    }
  }
}

/// Eight codes at a time. Returns how many values were written and leaves the last one's integer.
__attribute__((target("avx2"))) static size_t unpack_eights(
  const promgate_packing *packing, const uint8_t *codes, size_t count, int64_t *last, double *output) {
  unsigned width = packing->width;
  const size_t second = second_half(width);
  const __m256i shuffle = _mm256_loadu_si256((const __m256i *)eights[width].places);
  const __m256i skipped = _mm256_loadu_si256((const __m256i *)eights[width].bits);
  const __m256i mask = _mm256_set1_epi32((int)((1u << width) - 1));
  const __m128i shift = _mm_cvtsi32_si128(packing->shift);
  // Integers below 2^51 become doubles by way of the one whose last digit is a whole number.
  const __m256i magic = _mm256_set1_epi64x(0x4338000000000000);
  const __m256d magic_value = _mm256_set1_pd(0x1.8p52);
  const __m256d divisor = _mm256_set1_pd(packing->divisor);
  const int divides = packing->divisor != 1, differs = packing->holds_differences;
  const int64_t least = packing->least;
  const __m256i ramp_low = _mm256_setr_epi64x(least, 2 * least, 3 * least, 4 * least);
  const __m256i ramp_high = _mm256_setr_epi64x(5 * least, 6 * least, 7 * least, 8 * least);
  __m256i running = _mm256_set1_epi64x(packing->base);
  size_t written = 0;
  if (differs) {
    output[0] = (double)packing->base / packing->divisor;
    written = 1;
  }
  for (; written + 8 <= count; written += 8, codes += width) {
    __m256i eight = _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)codes)),
      _mm_loadu_si128((const __m128i *)(codes + second)), 1);
    eight = _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(eight, shuffle), skipped), mask);
    if (differs) {
      // Sums of codes from the first of the eight on: below 2^28.
      eight = _mm256_add_epi32(eight, _mm256_slli_si256(eight, 4));
      eight = _mm256_add_epi32(eight, _mm256_slli_si256(eight, 8));
      __m256i lower = _mm256_permutevar8x32_epi32(eight, _mm256_set1_epi32(3));
      lower = _mm256_inserti128_si256(_mm256_setzero_si256(), _mm256_castsi256_si128(lower), 1);
      eight = _mm256_add_epi32(eight, lower);
    }
    __m256i low = _mm256_sll_epi64(_mm256_cvtepu32_epi64(_mm256_castsi256_si128(eight)), shift);
    __m256i high = _mm256_sll_epi64(_mm256_cvtepu32_epi64(_mm256_extracti128_si256(eight, 1)), shift);
    low = _mm256_add_epi64(low, running);
    high = _mm256_add_epi64(high, running);
    if (differs) {
      low = _mm256_add_epi64(low, ramp_low);
      high = _mm256_add_epi64(high, ramp_high);
      running = _mm256_permute4x64_epi64(high, 0xff);
    }
    __m256d low_values = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(low, magic)), magic_value);
    __m256d high_values = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(high, magic)), magic_value);
    if (divides) {
      low_values = _mm256_div_pd(low_values, divisor);
      high_values = _mm256_div_pd(high_values, divisor);
    }
    _mm256_storeu_pd(output + written, low_values);
    _mm256_storeu_pd(output + written + 4, high_values);
  }
  *last = _mm256_extract_epi64(running, 0);
  return written;
}

/// The same with vectors of eight values, to the last one.
__attribute__((target("avx512f,avx512dq,avx512vl"))) static size_t unpack_eights_at_once(
  const promgate_packing *packing, const uint8_t *codes, size_t count, double *output) {
  unsigned width = packing->width;
  const size_t second = second_half(width);
  const __m256i shuffle = _mm256_loadu_si256((const __m256i *)eights[width].places);
  const __m256i skipped = _mm256_loadu_si256((const __m256i *)eights[width].bits);
  const __m256i mask = _mm256_set1_epi32((int)((1u << width) - 1)), none = _mm256_setzero_si256();
  const __m128i shift = _mm_cvtsi32_si128(packing->shift);
  const __m512d divisor = _mm512_set1_pd(packing->divisor);
  const __m512i seventh = _mm512_set1_epi64(7);
  const int divides = packing->divisor != 1, differs = packing->holds_differences;
  const int64_t least = packing->least;
  const __m512i ramp = _mm512_setr_epi64(
    least, 2 * least, 3 * least, 4 * least, 5 * least, 6 * least, 7 * least, 8 * least);
  __m512i running = _mm512_set1_epi64(packing->base);
  size_t written = 0;
  if (differs) {
    output[0] = (double)packing->base / packing->divisor;
    written = 1;
  }
  for (; written < count; written += 8, codes += width) {
    __m256i eight = _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)codes)),
      _mm_loadu_si128((const __m128i *)(codes + second)), 1);
    eight = _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(eight, shuffle), skipped), mask);
    if (differs) {
      // Sums of codes from the first of the eight on: below 2^28.
      eight = _mm256_add_epi32(eight, _mm256_alignr_epi32(eight, none, 7));
      eight = _mm256_add_epi32(eight, _mm256_alignr_epi32(eight, none, 6));
      eight = _mm256_add_epi32(eight, _mm256_alignr_epi32(eight, none, 4));
    }
    __m512i integers = _mm512_add_epi64(_mm512_sll_epi64(_mm512_cvtepu32_epi64(eight), shift), running);
    if (differs) {
      integers = _mm512_add_epi64(integers, ramp);
      running = _mm512_permutexvar_epi64(seventh, integers);
    }
    __m512d values = _mm512_cvtepi64_pd(integers);
    if (divides) values = _mm512_div_pd(values, divisor);
    // The last codes are fewer than eight, most often; what lies behind them is padding, or another frame.
    size_t left = count - written;
    _mm512_mask_storeu_pd(output + written, (__mmask8)(left < 8 ? (1u << left) - 1 : 255), values);
  }
  return count;
}

/// Whether all integers of a run stay well below 2^51, and their codes are narrow.
static int fits_eights(const promgate_packing *packing, size_t count) {
  if (packing->divisor == 0 || packing->width > widest || packing->width + packing->shift > 50) return 0;
  const int64_t bound = (int64_t)1 << 49;
  if (packing->base > bound || packing->base < -bound) return 0;
  if (!packing->holds_differences) return 1;
  if (count > 1 << 20 || packing->least > bound || packing->least < -bound) return 0;
  int64_t least = packing->least < 0 ? -packing->least : packing->least;
  int64_t step = least + ((int64_t)1 << (packing->width + packing->shift));
  return step <= bound / (int64_t)(count + 8);
}
#endif

void promgate_unpack(const promgate_packing *packing, const uint8_t *codes, size_t count, double *output) {
  size_t written = 0;
  int64_t last = packing->base;
  // What lies behind is the frame of the series that is read next.
  const uint8_t *end = codes + count * packing->width / 8;
  __builtin_prefetch(end);
  __builtin_prefetch(end + 64);
#if defined(__x86_64__)
  if (count > 8 && fits_eights(packing, count)) {
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      written = unpack_eights_at_once(packing, codes, count, output);
    else if (__builtin_cpu_supports("avx2"))
      written = unpack_eights(packing, codes, count, &last, output);
  }
#endif
  if (written == 0 && packing->holds_differences) {
    output[0] = value(packing->base, packing->divisor);
    written = 1;
  }
  unpack_plainly(packing, codes, written, count, last, output);
}
