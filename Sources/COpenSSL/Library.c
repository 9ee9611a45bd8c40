#include "Library.h"
#include "COpenSSL.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

openssl_library openssl;
BIO_METHOD *session_bytes;

#define TEXT(number) #number
#define NUMBERED(name, number) name TEXT(number)
static const char library[] = NUMBERED("libssl.so.", OPENSSL_SHLIB_VERSION);

static pthread_once_t loading = PTHREAD_ONCE_INIT;
static bool loaded;

static void load(void) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) return;
  // libcrypto's functions are found along with libssl's, which needs it.
#define OPENSSL_FIND(name)                                          \
  openssl.name = (__typeof__(openssl.name))dlsym(handle, #name);    \
  if (openssl.name == NULL) return;
  OPENSSL_FUNCTIONS(OPENSSL_FIND)
#undef OPENSSL_FIND
  // Not taken down at the process' end: other threads may still speak then.
  if (openssl.OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL) != 1) return;
  session_bytes = make_session_bytes();
  loaded = session_bytes != NULL;
}

bool promgate_tls_load(void) {
  pthread_once(&loading, load);
  return loaded;
}

const char *promgate_tls_library(void) { return library; }

void promgate_tls_reason(char *text, size_t capacity) {
  if (capacity == 0) return;
  const char *reason = openssl.ERR_reason_error_string(openssl.ERR_peek_last_error());
  strncpy(text, reason == NULL ? "" : reason, capacity - 1);
  text[capacity - 1] = 0;
  openssl.ERR_clear_error();
}
