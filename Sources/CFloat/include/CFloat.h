// The shortest digits of doubles, behind plain functions.
#ifndef PROMGATE_CFLOAT_H
#define PROMGATE_CFLOAT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes the shortest decimal that stands for a finite double, without an exponent; at most `room`
/// bytes. How many bytes there are, 0 when there is no room.
size_t promgate_shortest_fixed(double value, char *output, size_t room);

/// The same with an exponent of at least two digits: `1.5e-07`.
size_t promgate_shortest_scientific(double value, char *output, size_t room);

#ifdef __cplusplus
}
#endif
#endif
