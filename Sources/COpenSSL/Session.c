#include "COpenSSL.h"
#include "Library.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct promgate_tls {
  promgate_tls_context *context;
  SSL *ssl;
  // What has arrived and is not yet used: the caller's memory.
  const uint8_t *input;
  size_t input_length;
  // Where what is to be sent goes as long as there is room: the caller's memory.
  uint8_t *room;
  size_t room_length;
  size_t room_capacity;
  // What waits to be sent and found no room.
  uint8_t *output;
  size_t output_length;
  size_t output_capacity;
  /// How often the client has made us answer since its last bytes: changes of keys, renegotiations.
  int replies;
  bool reading;
  bool failed;
};

/// So many answers to what brings no bytes are enough: a client that asks for them without end, and does not
/// take them, would fill the memory.
static const int most_replies = 32;

// MARK: Bytes between OpenSSL and a session

static int take_input(BIO *bio, char *bytes, size_t capacity, size_t *count) {
  promgate_tls *session = openssl.BIO_get_data(bio);
  openssl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
  *count = capacity < session->input_length ? capacity : session->input_length;
  if (*count == 0) {
    openssl.BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
    return 0;
  }
  memcpy(bytes, session->input, *count);
  session->input += *count;
  session->input_length -= *count;
  return 1;
}

static int add_output(BIO *bio, const char *bytes, size_t length, size_t *count) {
  promgate_tls *session = openssl.BIO_get_data(bio);
  openssl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
  if (session->reading && ++session->replies > most_replies) return 0;
  *count = length;
  if (session->output_length == 0 && length <= session->room_capacity - session->room_length) {
    memcpy(session->room + session->room_length, bytes, length);
    session->room_length += length;
    return 1;
  }
  if (length > session->output_capacity - session->output_length) {
    size_t capacity = session->output_capacity * 2;
    if (capacity < session->output_length + length) capacity = session->output_length + length;
    uint8_t *grown = realloc(session->output, capacity);
    if (grown == NULL) return 0;
    session->output = grown;
    session->output_capacity = capacity;
  }
  memcpy(session->output + session->output_length, bytes, length);
  session->output_length += length;
  return 1;
}

static long control(BIO *bio, int command, long number, void *pointer) {
  // Nothing waits here, so flushing is done; other commands are not known.
  return command == BIO_CTRL_FLUSH;
}

static int create(BIO *bio) {
  openssl.BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD *make_session_bytes(void) {
  BIO_METHOD *method = openssl.BIO_meth_new(BIO_TYPE_SOURCE_SINK | 0x7f, "promgate");
  if (method == NULL) return NULL;
  if (openssl.BIO_meth_set_read_ex(method, take_input) == 1 &&
      openssl.BIO_meth_set_write_ex(method, add_output) == 1 &&
      openssl.BIO_meth_set_ctrl(method, control) == 1 && openssl.BIO_meth_set_create(method, create) == 1)
    return method;
  openssl.BIO_meth_free(method);
  return NULL;
}

// MARK: Sessions

promgate_tls *promgate_tls_start(promgate_tls_context *context) {
  openssl.ERR_clear_error();
  promgate_tls *session = calloc(1, sizeof *session);
  if (session == NULL) return NULL;
  session->ssl = openssl.SSL_new(context->settings);
  BIO *bytes = session->ssl == NULL ? NULL : openssl.BIO_new(session_bytes);
  if (bytes == NULL) {
    openssl.SSL_free(session->ssl);
    free(session);
    return NULL;
  }
  openssl.BIO_set_data(bytes, session);
  // Both ways are one object, of which the session has one hold.
  openssl.SSL_set_bio(session->ssl, bytes, bytes);
  session->context = context;
  context->holders++;
  return session;
}

void promgate_tls_end(promgate_tls *session) {
  if (session == NULL) return;
  openssl.SSL_free(session->ssl);
  promgate_tls_context_free(session->context);
  free(session->output);
  free(session);
}

void promgate_tls_feed(promgate_tls *session, const uint8_t *bytes, size_t length) {
  session->input = bytes;
  session->input_length = length;
}

static promgate_tls_outcome outcome(promgate_tls *session, int result) {
  switch (openssl.SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_NONE: return PROMGATE_TLS_DONE;
    case SSL_ERROR_WANT_READ: return PROMGATE_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN: return PROMGATE_TLS_CLOSED;
    default: session->failed = true; return PROMGATE_TLS_FAILED;
  }
}

promgate_tls_outcome promgate_tls_shake_hands(promgate_tls *session) {
  if (session->failed) return PROMGATE_TLS_FAILED;
  openssl.ERR_clear_error();
  promgate_tls_outcome step = outcome(session, openssl.SSL_accept(session->ssl));
  // A certificate with a wrong name is refused within the handshake; that there is none, here.
  if (step == PROMGATE_TLS_DONE && session->context->name_count > 0 &&
      openssl.SSL_get0_peer_certificate(session->ssl) == NULL) {
    session->failed = true;
    return PROMGATE_TLS_FAILED;
  }
  return step;
}

promgate_tls_outcome promgate_tls_read(
    promgate_tls *session, uint8_t *bytes, size_t capacity, size_t *count) {
  *count = 0;
  if (session->failed) return PROMGATE_TLS_FAILED;
  openssl.ERR_clear_error();
  session->reading = true;
  int result = openssl.SSL_read_ex(session->ssl, bytes, capacity, count);
  session->reading = false;
  if (result == 1) session->replies = 0;
  return outcome(session, result);
}

bool promgate_tls_write(
    promgate_tls *session, const uint8_t *bytes, size_t length, uint8_t *room, size_t capacity,
    size_t *room_count) {
  *room_count = 0;
  if (session->failed) return false;
  if (length == 0) return true;
  openssl.ERR_clear_error();
  size_t count = 0;
  session->room = room;
  session->room_capacity = capacity;
  session->room_length = 0;
  // Nothing of it waits: the output takes all.
  bool works = openssl.SSL_write_ex(session->ssl, bytes, length, &count) == 1 && count == length;
  *room_count = session->room_length;
  session->room = NULL;
  session->room_length = session->room_capacity = 0;
  if (!works) session->failed = true;
  return works;
}

void promgate_tls_close(promgate_tls *session) {
  if (session->failed) return;
  openssl.ERR_clear_error();
  openssl.SSL_shutdown(session->ssl);
}

const uint8_t *promgate_tls_output(promgate_tls *session, size_t *length) {
  *length = session->output_length;
  return session->output;
}

void promgate_tls_clear_output(promgate_tls *session) {
  free(session->output);
  session->output = NULL;
  session->output_length = session->output_capacity = 0;
}
