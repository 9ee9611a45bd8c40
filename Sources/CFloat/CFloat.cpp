#include "CFloat.h"

#include <charconv>

extern "C" size_t promgate_shortest_fixed(double value, char *output, size_t room) {
  auto result = std::to_chars(output, output + room, value, std::chars_format::fixed);
  return result.ec == std::errc() ? size_t(result.ptr - output) : 0;
}

extern "C" size_t promgate_shortest_scientific(double value, char *output, size_t room) {
  auto result = std::to_chars(output, output + room, value, std::chars_format::scientific);
  return result.ec == std::errc() ? size_t(result.ptr - output) : 0;
}
