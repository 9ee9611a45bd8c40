#include "CCurl.h"
#include "Library.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef struct {
  uint8_t *bytes;
  size_t length;
  size_t capacity;
} buffer;

typedef struct exchange {
  struct exchange *next;
  uint64_t number;
  CURL *easy;
  struct curl_slist *header_list;
  promgate_http_done done;
  void *context;
  size_t body_limit;
  buffer headers;
  buffer body;
  /// Why the transfer was stopped from inside a callback, else DONE.
  promgate_http_outcome stopped;
  char problem[CURL_ERROR_SIZE];
  /// The first address that was tried, and its port.
  char address[INET6_ADDRSTRLEN];
  int32_t port;
} exchange;

struct promgate_http {
  pthread_t thread;
  pthread_mutex_t lock;
  CURLM *multi;
  // Under the lock.
  exchange *waiting;
  uint64_t *cancelled;
  size_t cancelled_count;
  size_t cancelled_capacity;
  uint64_t last_number;
  bool closing;
  // The thread's own.
  exchange *running;
};

/// Most bytes of a response's header lines.
static const size_t headers_limit = 1 << 20;

static bool append(buffer *target, const void *bytes, size_t length) {
  if (length > target->capacity - target->length) {
    size_t wanted = target->length + length;
    size_t capacity = target->capacity == 0 ? 16384 : target->capacity;
    while (capacity < wanted) capacity *= 2;
    uint8_t *grown = realloc(target->bytes, capacity);
    if (grown == NULL) return false;
    target->bytes = grown;
    target->capacity = capacity;
  }
  memcpy(target->bytes + target->length, bytes, length);
  target->length += length;
  return true;
}

static bool keep(exchange *x, const uint8_t *bytes, size_t length) {
  if (length > x->body_limit - x->body.length) {
    x->stopped = PROMGATE_HTTP_BODY_TOO_LARGE;
    return false;
  }
  return append(&x->body, bytes, length);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
  exchange *x = context;
  size_t length = size * count;
  // Anything but the length makes libcurl give up; 0 would not for an empty piece.
  return keep(x, (const uint8_t *)bytes, length) ? length : CURL_WRITEFUNC_ERROR;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context) {
  exchange *x = context;
  size_t length = size * count;
  if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
    // A new response: after `100 Continue`.
    x->headers.length = 0;
  }
  if (length > headers_limit - x->headers.length) return CURL_WRITEFUNC_ERROR;
  return append(&x->headers, bytes, length) ? length : CURL_WRITEFUNC_ERROR;
}

/// Opens a socket as libcurl would, and notes where the first one goes: libcurl tells only of
/// connections that came about.
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to) {
  (void)purpose;
  exchange *x = context;
  if (x->address[0] == 0 && to->family == AF_INET) {
    struct sockaddr_in address;
    memcpy(&address, &to->addr, sizeof(address));
    inet_ntop(AF_INET, &address.sin_addr, x->address, sizeof(x->address));
    x->port = ntohs(address.sin_port);
  } else if (x->address[0] == 0 && to->family == AF_INET6 && to->addrlen >= sizeof(struct sockaddr_in6)) {
    struct sockaddr_in6 address;
    memcpy(&address, &to->addr, sizeof(address));
    inet_ntop(AF_INET6, &address.sin6_addr, x->address, sizeof(x->address));
    x->port = ntohs(address.sin6_port);
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void dispose(exchange *x) {
  if (x == NULL) return;
  if (x->easy != NULL) libcurl.curl_easy_cleanup(x->easy);
  libcurl.curl_slist_free_all(x->header_list);
  free(x->headers.bytes);
  free(x->body.bytes);
  free(x);
}

static promgate_http_outcome outcome_of(const exchange *x, CURLcode code) {
  if (x->stopped != PROMGATE_HTTP_DONE) return x->stopped;
  switch (code) {
    case CURLE_OK: return PROMGATE_HTTP_DONE;
    case CURLE_OPERATION_TIMEDOUT: return PROMGATE_HTTP_TIMED_OUT;
    case CURLE_COULDNT_CONNECT: return PROMGATE_HTTP_REFUSED;
    case CURLE_COULDNT_RESOLVE_HOST: return PROMGATE_HTTP_UNRESOLVED;
    default: return PROMGATE_HTTP_FAILED;
  }
}

static void finish(exchange *x, promgate_http_outcome outcome, CURLcode code) {
  promgate_http_response response = {0};
  long status = 0, error = 0;
  libcurl.curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
  libcurl.curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &error);
  const char *redirect = NULL;
  libcurl.curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &redirect);
  response.redirect = redirect == NULL ? "" : redirect;
  response.outcome = (int32_t)outcome;
  response.status = (int32_t)status;
  response.headers = x->headers.bytes;
  response.headers_length = x->headers.length;
  response.body = x->body.bytes;
  response.body_length = x->body.length;
  response.system_error = (int32_t)error;
  response.address = x->address;
  response.port = x->port;
  bool silent = x->problem[0] == 0 && code != CURLE_OK;
  response.message = silent ? libcurl.curl_easy_strerror(code) : x->problem;
  x->done(x->context, &response);
  dispose(x);
}

/// Takes an exchange out of the running ones.
static exchange *take(promgate_http *http, uint64_t number, const CURL *easy) {
  for (exchange **link = &http->running; *link != NULL; link = &(*link)->next) {
    exchange *x = *link;
    if (x->number == number || x->easy == easy) {
      *link = x->next;
      libcurl.curl_multi_remove_handle(http->multi, x->easy);
      return x;
    }
  }
  return NULL;
}

/// Starts what waits and drops what was cancelled; false when it is time to end.
static bool admit(promgate_http *http) {
  pthread_mutex_lock(&http->lock);
  exchange *waiting = http->waiting;
  http->waiting = NULL;
  uint64_t *cancelled = http->cancelled;
  size_t cancelled_count = http->cancelled_count;
  http->cancelled = NULL;
  http->cancelled_count = http->cancelled_capacity = 0;
  bool closing = http->closing;
  pthread_mutex_unlock(&http->lock);

  while (waiting != NULL) {
    exchange *x = waiting;
    waiting = x->next;
    if (libcurl.curl_multi_add_handle(http->multi, x->easy) != CURLM_OK) {
      finish(x, PROMGATE_HTTP_FAILED, CURLE_FAILED_INIT);
      continue;
    }
    x->next = http->running;
    http->running = x;
  }
  for (size_t i = 0; i < cancelled_count; i++) {
    exchange *x = take(http, cancelled[i], NULL);
    if (x != NULL) finish(x, PROMGATE_HTTP_CANCELLED, CURLE_ABORTED_BY_CALLBACK);
  }
  free(cancelled);
  while (closing && http->running != NULL) {
    exchange *x = take(http, http->running->number, NULL);
    finish(x, PROMGATE_HTTP_CANCELLED, CURLE_ABORTED_BY_CALLBACK);
  }
  return !closing;
}

static void *run(void *context) {
  promgate_http *http = context;
  while (admit(http)) {
    int active = 0, left = 0;
    libcurl.curl_multi_perform(http->multi, &active);
    for (CURLMsg *message; (message = libcurl.curl_multi_info_read(http->multi, &left)) != NULL;) {
      if (message->msg != CURLMSG_DONE) continue;
      CURLcode code = message->data.result;
      exchange *x = take(http, 0, message->easy_handle);
      if (x != NULL) finish(x, outcome_of(x, code), code);
    }
    libcurl.curl_multi_poll(http->multi, NULL, 0, 60000, NULL);
  }
  return NULL;
}

promgate_http *promgate_http_open(void) {
  if (!promgate_curl_load()) return NULL;
  promgate_http *http = calloc(1, sizeof(*http));
  if (http == NULL) return NULL;
  http->multi = libcurl.curl_multi_init();
  pthread_mutex_init(&http->lock, NULL);
  if (http->multi == NULL || pthread_create(&http->thread, NULL, run, http) != 0) {
    if (http->multi != NULL) libcurl.curl_multi_cleanup(http->multi);
    pthread_mutex_destroy(&http->lock);
    free(http);
    return NULL;
  }
  return http;
}

static bool configure(exchange *x, const promgate_http_request *request) {
  CURL *easy = x->easy;
  for (size_t i = 0; i < request->header_count; i++) {
    struct curl_slist *longer = libcurl.curl_slist_append(x->header_list, request->headers[i]);
    if (longer == NULL) return false;
    x->header_list = longer;
  }
  if (libcurl.curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK) return false;
  if (libcurl.curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK) return false;
  if (request->body_length > 0) {
    libcurl.curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    if (libcurl.curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body) != CURLE_OK) return false;
  } else if (strcmp(request->method, "POST") == 0) {
    libcurl.curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
    libcurl.curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  } else if (strcmp(request->method, "HEAD") == 0) {
    libcurl.curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  }
  bool usual = strcmp(request->method, request->body_length > 0 ? "POST" : "GET") == 0;
  if (!usual && strcmp(request->method, "POST") != 0 && strcmp(request->method, "HEAD") != 0) {
    if (libcurl.curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) != CURLE_OK) return false;
  }
  libcurl.curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->header_list);
  libcurl.curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_milliseconds);
  libcurl.curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  libcurl.curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request->verify_certificates ? 1L : 0L);
  libcurl.curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request->verify_certificates ? 2L : 0L);
  if (request->certificate_file != NULL) {
    libcurl.curl_easy_setopt(easy, CURLOPT_CAINFO, request->certificate_file);
    libcurl.curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  }
  if (request->proxy != NULL) {
    if (libcurl.curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy) != CURLE_OK) return false;
    // The environment's exceptions are not this proxy's.
    libcurl.curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  } else if (!request->environment_proxy) libcurl.curl_easy_setopt(easy, CURLOPT_PROXY, "");
  libcurl.curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  libcurl.curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  libcurl.curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
  libcurl.curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->problem);
  libcurl.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  libcurl.curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
  libcurl.curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  libcurl.curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
  return true;
}

uint64_t promgate_http_start(
    promgate_http *http, const promgate_http_request *request, promgate_http_done done,
    void *context) {
  exchange *x = calloc(1, sizeof(*x));
  if (x == NULL) return 0;
  x->easy = libcurl.curl_easy_init();
  x->done = done;
  x->context = context;
  x->body_limit = request->body_limit;
  if (x->easy == NULL || !configure(x, request)) {
    dispose(x);
    return 0;
  }
  pthread_mutex_lock(&http->lock);
  bool closing = http->closing;
  uint64_t number = 0;
  if (!closing) {
    number = x->number = ++http->last_number;
    x->next = http->waiting;
    http->waiting = x;
  }
  pthread_mutex_unlock(&http->lock);
  if (closing) {
    dispose(x);
    return 0;
  }
  libcurl.curl_multi_wakeup(http->multi);
  return number;
}

void promgate_http_cancel(promgate_http *http, uint64_t number) {
  pthread_mutex_lock(&http->lock);
  if (http->cancelled_count == http->cancelled_capacity) {
    size_t capacity = http->cancelled_capacity == 0 ? 8 : 2 * http->cancelled_capacity;
    uint64_t *grown = realloc(http->cancelled, capacity * sizeof(*grown));
    if (grown != NULL) {
      http->cancelled = grown;
      http->cancelled_capacity = capacity;
    }
  }
  if (http->cancelled_count < http->cancelled_capacity) {
    http->cancelled[http->cancelled_count++] = number;
  }
  pthread_mutex_unlock(&http->lock);
  libcurl.curl_multi_wakeup(http->multi);
}

void promgate_http_close(promgate_http *http) {
  if (http == NULL) return;
  pthread_mutex_lock(&http->lock);
  http->closing = true;
  pthread_mutex_unlock(&http->lock);
  libcurl.curl_multi_wakeup(http->multi);
  pthread_join(http->thread, NULL);
  libcurl.curl_multi_cleanup(http->multi);
  pthread_mutex_destroy(&http->lock);
  free(http->cancelled);
  free(http);
}
