// The C library's allocator, and which processors there are, behind plain functions.
#ifndef PROMGATE_CMEMORY_H
#define PROMGATE_CMEMORY_H

#include <stdint.h>

/// Lets threads share so many arenas: each one keeps what was freed in it.
void promgate_memory_arenas(int count);

/// Gives freed memory back to the system; costs up to some milliseconds.
void promgate_memory_trim(void);

/// Bytes that the process may map or allocate (RLIMIT_AS, RLIMIT_DATA); the largest number
/// where nothing says so.
uint64_t promgate_memory_resource_limit(void);

/// How many processors the process is bound to (`taskset`, a container's set); 0 when it may use all.
int promgate_bound_processors(void);

#endif
