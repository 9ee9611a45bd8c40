// libcurl behind plain functions: many requests at once on one thread.
#ifndef PROMGATE_CCURL_H
#define PROMGATE_CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A thread that runs requests and keeps their connections.
typedef struct promgate_http promgate_http;

/// One request. Everything is copied before `promgate_http_start` returns.
typedef struct {
  /// GET, POST, …
  const char *method;
  const char *url;
  /// `Name: value` lines; `Name:` keeps libcurl from sending a header of its own.
  const char *const *headers;
  size_t header_count;
  const uint8_t *body;
  size_t body_length;
  /// For the whole exchange; 0 means none.
  int64_t timeout_milliseconds;
  /// Most bytes of a body as it is sent.
  size_t body_limit;
  bool verify_certificates;
  /// A file of certificates to trust instead of the system's; NULL for the system's.
  const char *certificate_file;
  /// Use the proxy that the environment names.
  bool environment_proxy;
  /// The proxy to use instead; NULL for none.
  const char *proxy;
} promgate_http_request;

/// How a request ended.
typedef enum {
  PROMGATE_HTTP_DONE = 0,
  PROMGATE_HTTP_TIMED_OUT,
  PROMGATE_HTTP_REFUSED,
  PROMGATE_HTTP_UNRESOLVED,
  PROMGATE_HTTP_BODY_TOO_LARGE,
  PROMGATE_HTTP_CANCELLED,
  PROMGATE_HTTP_FAILED
} promgate_http_outcome;

/// The answer; valid during the callback only.
typedef struct {
  int32_t outcome;
  /// The status code, 0 where there is none.
  int32_t status;
  /// The header lines of the last response, its status line first, each ending in a newline.
  const uint8_t *headers;
  size_t headers_length;
  const uint8_t *body;
  size_t body_length;
  /// Where a redirect leads, absolute; empty where there is none. Nobody follows it here.
  const char *redirect;
  /// libcurl's words for what went wrong; empty when nothing did.
  const char *message;
  /// The system's error number behind a failed connection, else 0.
  int32_t system_error;
  /// The first address that was tried (numeric), and its port; empty and 0 where none was.
  const char *address;
  int32_t port;
} promgate_http_response;

typedef void (*promgate_http_done)(void *context, const promgate_http_response *response);

/// Starts the thread; NULL when the system refuses, or has no libcurl.
promgate_http *promgate_http_open(void);

/// Starts a request and returns its number, or 0 when there was no memory or the thread is closing;
/// then the callback is not called. Otherwise it is called exactly once, on the thread.
uint64_t promgate_http_start(
    promgate_http *http, const promgate_http_request *request, promgate_http_done done,
    void *context);

/// Gives a request up; its callback says so, unless it has ended already.
void promgate_http_cancel(promgate_http *http, uint64_t number);

/// Cancels all requests, ends the thread and frees everything.
void promgate_http_close(promgate_http *http);

#endif
