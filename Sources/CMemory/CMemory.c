#include "CMemory.h"

#include <malloc.h>

void promgate_memory_arenas(int count) {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, count);
#endif
}

void promgate_memory_trim(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
