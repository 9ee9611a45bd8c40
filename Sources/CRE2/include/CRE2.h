#ifndef PROMGATE_CRE2_H
#define PROMGATE_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// RE2 behind a C header. A pattern is UTF-8, Perl-like syntax, `.` matches newlines when
/// `dot_newline` is set. Matching is linear in the text, whatever the pattern.
typedef struct promgate_re2 promgate_re2;

/// What is wrong with a pattern: RE2's error code (see re2.h) and the argument that it names.
/// `argument` points into memory of the pattern and lives as long as the pattern.
typedef struct {
  int32_t code;
  const char *argument;
  size_t argument_length;
} promgate_re2_error;

/// Never null; ask `promgate_re2_ok` before matching. `memory` bounds the automaton in bytes.
promgate_re2 *promgate_re2_new(const uint8_t *pattern, size_t length, bool dot_newline, int64_t memory);
void promgate_re2_free(promgate_re2 *re);
bool promgate_re2_ok(const promgate_re2 *re);
promgate_re2_error promgate_re2_problem(const promgate_re2 *re);

/// Whether the whole text matches.
bool promgate_re2_full_match(const promgate_re2 *re, const uint8_t *text, size_t length);
/// Whether the pattern matches anywhere in the text.
bool promgate_re2_partial_match(const promgate_re2 *re, const uint8_t *text, size_t length);

/// Instructions of the pattern's program.
int32_t promgate_re2_size(const promgate_re2 *re);

/// How many groups the pattern captures, the whole match not counted.
int32_t promgate_re2_group_count(const promgate_re2 *re);
/// The index of the group with this name, or -1.
int32_t promgate_re2_group_named(const promgate_re2 *re, const uint8_t *name, size_t length);

/// Full match with captures: `bounds` receives start and end (byte offsets) of groups 0..<count,
/// -1 and -1 for a group that took no part. `bounds` has room for 2 × count values.
bool promgate_re2_captures(
    const promgate_re2 *re, const uint8_t *text, size_t length, int64_t *bounds, int32_t count);

/// Leftmost match at or after `start`, with captures as above; what lies before `start` still counts as
/// context of `^` and `\b`.
bool promgate_re2_find(
    const promgate_re2 *re, const uint8_t *text, size_t length, size_t start, int64_t *bounds,
    int32_t count);

#ifdef __cplusplus
}
#endif
#endif
