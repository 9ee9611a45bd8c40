#include "Library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

curl_library libcurl;

static pthread_once_t loading = PTHREAD_ONCE_INIT;
static bool loaded;

static void load(void) {
  // The soname of every libcurl since 7.16; the second is what systems with GnuTLS alone have.
  void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) handle = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) return;
#define CURL_FIND(name)                                         \
  libcurl.name = (__typeof__(libcurl.name))dlsym(handle, #name); \
  if (libcurl.name == NULL) return;
  CURL_FUNCTIONS(CURL_FIND)
#undef CURL_FIND
  loaded = libcurl.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

bool promgate_curl_load(void) {
  pthread_once(&loading, load);
  return loaded;
}
