#include "CRE2.h"

#include <re2/re2.h>

#include <string>
#include <vector>

struct promgate_re2 {
  re2::RE2 pattern;
  promgate_re2(re2::StringPiece text, const re2::RE2::Options &options) : pattern(text, options) {}
};

static re2::StringPiece piece(const uint8_t *bytes, size_t length) {
  return re2::StringPiece(reinterpret_cast<const char *>(bytes), length);
}

/// A match at or after `start`, its groups written to `bounds`.
static bool match(
    const promgate_re2 *re, re2::StringPiece whole, size_t start, re2::RE2::Anchor anchor, int64_t *bounds,
    int32_t count) {
  std::vector<re2::StringPiece> groups(count);
  if (!re->pattern.Match(whole, start, whole.size(), anchor, groups.data(), count)) {
    return false;
  }
  for (int32_t i = 0; i < count; ++i) {
    const bool took_part = groups[i].data() != nullptr;
    bounds[2 * i] = took_part ? groups[i].data() - whole.data() : -1;
    bounds[2 * i + 1] = took_part ? bounds[2 * i] + static_cast<int64_t>(groups[i].size()) : -1;
  }
  return true;
}

extern "C" {

promgate_re2 *promgate_re2_new(
    const uint8_t *pattern, size_t length, bool dot_newline, int64_t memory) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(dot_newline);
  options.set_max_mem(memory);
  return new promgate_re2(piece(pattern, length), options);
}

void promgate_re2_free(promgate_re2 *re) { delete re; }

bool promgate_re2_ok(const promgate_re2 *re) { return re->pattern.ok(); }

promgate_re2_error promgate_re2_problem(const promgate_re2 *re) {
  const std::string &argument = re->pattern.error_arg();
  return {static_cast<int32_t>(re->pattern.error_code()), argument.data(), argument.size()};
}

bool promgate_re2_full_match(const promgate_re2 *re, const uint8_t *text, size_t length) {
  return re->pattern.Match(
      piece(text, length), 0, length, re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

bool promgate_re2_partial_match(const promgate_re2 *re, const uint8_t *text, size_t length) {
  return re->pattern.Match(piece(text, length), 0, length, re2::RE2::UNANCHORED, nullptr, 0);
}

int32_t promgate_re2_size(const promgate_re2 *re) { return re->pattern.ProgramSize(); }

int32_t promgate_re2_group_count(const promgate_re2 *re) {
  return re->pattern.NumberOfCapturingGroups();
}

int32_t promgate_re2_group_named(const promgate_re2 *re, const uint8_t *name, size_t length) {
  const auto &groups = re->pattern.NamedCapturingGroups();
  const auto found = groups.find(std::string(reinterpret_cast<const char *>(name), length));
  return found == groups.end() ? -1 : found->second;
}

bool promgate_re2_captures(
    const promgate_re2 *re, const uint8_t *text, size_t length, int64_t *bounds, int32_t count) {
  return match(re, piece(text, length), 0, re2::RE2::ANCHOR_BOTH, bounds, count);
}

bool promgate_re2_find(
    const promgate_re2 *re, const uint8_t *text, size_t length, size_t start, int64_t *bounds,
    int32_t count) {
  return match(re, piece(text, length), start, re2::RE2::UNANCHORED, bounds, count);
}
}
