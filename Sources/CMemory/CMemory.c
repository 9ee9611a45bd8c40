#define _GNU_SOURCE
#include "CMemory.h"

#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

void promgate_memory_arenas(int count) {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, count);
#endif
#ifdef M_TOP_PAD
  // The heap grows by a megabyte at a time: by pages, thousands of columns cost thousands of calls.
  mallopt(M_TOP_PAD, 1 << 20);
#endif
}

void promgate_memory_trim(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

uint64_t promgate_memory_resource_limit(void) {
  const int resources[] = {RLIMIT_AS, RLIMIT_DATA};
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 2; i++) {
    struct rlimit limit;
    if (getrlimit(resources[i], &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) continue;
    if (limit.rlim_cur < least) least = limit.rlim_cur;
  }
  return least;
}

int promgate_bound_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  int count = CPU_COUNT(&set);
  return count < sysconf(_SC_NPROCESSORS_ONLN) ? count : 0;
}
