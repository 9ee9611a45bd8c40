// libcurl's functions, found when the first request needs them: linking against it would load some
// thirty shared objects (TLS, LDAP, Kerberos) into every start of the program, most of which never
// send a request.
#ifndef PROMGATE_CCURL_LIBRARY_H
#define PROMGATE_CCURL_LIBRARY_H

// The plain declarations: the checking macros of the header would call by name.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdbool.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define CURL_FUNCTIONS(each)    \
  each(curl_easy_cleanup)       \
  each(curl_easy_getinfo)       \
  each(curl_easy_init)          \
  each(curl_easy_setopt)        \
  each(curl_easy_strerror)      \
  each(curl_global_init)        \
  each(curl_multi_add_handle)   \
  each(curl_multi_cleanup)      \
  each(curl_multi_info_read)    \
  each(curl_multi_init)         \
  each(curl_multi_perform)      \
  each(curl_multi_poll)         \
  each(curl_multi_remove_handle) \
  each(curl_multi_wakeup)       \
  each(curl_slist_append)       \
  each(curl_slist_free_all)

#define CURL_FIELD(name) __typeof__(name) *name;
typedef struct {
  CURL_FUNCTIONS(CURL_FIELD)
} curl_library;
#undef CURL_FIELD

/// The functions; valid once `promgate_curl_load` has returned true.
extern curl_library libcurl;

/// Loads libcurl once for the process; false when the system has none.
bool promgate_curl_load(void);

#endif
