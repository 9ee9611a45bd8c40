// OpenSSL's TLS for servers behind plain functions: contexts hold settings, sessions take bytes and give
// bytes. Nothing here reads or writes a socket or a file.
#ifndef PROMGATE_COPENSSL_H
#define PROMGATE_COPENSSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Loads OpenSSL once for the process; false when the system has none of the release that this was built
/// with.
bool promgate_tls_load(void);

/// The name of the file that `promgate_tls_load` looks for.
const char *promgate_tls_library(void);

/// Settings of TLS, for any number of sessions on any threads. Set it up on one thread, before the first
/// session. Functions that can fail return false, and `promgate_tls_reason` says why.
typedef struct promgate_tls_context promgate_tls_context;

/// A context without a certificate; NULL when memory is short. OpenSSL must have been loaded.
promgate_tls_context *promgate_tls_context_make(void);
/// Gives up the caller's hold; sessions keep what they need.
void promgate_tls_context_free(promgate_tls_context *context);

/// The server's certificate and those that follow it in its chain, PEM.
bool promgate_tls_set_certificates(promgate_tls_context *context, const uint8_t *pem, size_t length);
/// Reads the certificate's key, PEM without a passphrase.
bool promgate_tls_set_key(promgate_tls_context *context, const uint8_t *pem, size_t length);
/// Puts the key to the certificate; false when it is another one's.
bool promgate_tls_use_key(promgate_tls_context *context);
/// The lowest and the highest version, as the protocol numbers them: 0x0301 for TLS 1.0 to 0x0304.
bool promgate_tls_set_versions(promgate_tls_context *context, int minimum, int maximum);
/// Cipher suites up to TLS 1.2, by OpenSSL's names with colons between: the first one that a client has is
/// taken.
bool promgate_tls_set_ciphers(promgate_tls_context *context, const char *names);
/// Groups for the exchange of keys, by their numbers in the registry of TLS, at most four: 23, 24 and 25 for
/// P-256, P-384 and P-521, 29 for X25519. Certificates may be of any curve.
bool promgate_tls_set_groups(promgate_tls_context *context, const uint16_t *groups, size_t count);

/// What clients must show. `asks`: a certificate is asked for; `needs`: there must be one; `verifies`: one
/// that is shown must be signed by an authority, and be for clients.
bool promgate_tls_set_clients(promgate_tls_context *context, bool asks, bool needs, bool verifies);
/// Who may sign clients' certificates, PEM; none for the system's authorities. An intermediate one is enough.
bool promgate_tls_set_authorities(promgate_tls_context *context, const uint8_t *pem, size_t length);
/// Adds an alternative name (of a host, a mail address, an IP address or a URI). As soon as there is one,
/// a client must have a certificate with one of them.
bool promgate_tls_add_client_name(promgate_tls_context *context, const uint8_t *name, size_t length);

/// One connection. On one thread at a time.
typedef struct promgate_tls promgate_tls;

/// A session that waits for a client's first bytes; NULL when memory is short.
promgate_tls *promgate_tls_start(promgate_tls_context *context);
void promgate_tls_end(promgate_tls *session);

typedef enum {
  /// It is done, or bytes were given.
  PROMGATE_TLS_DONE,
  /// Everything that arrived is used up; more is needed.
  PROMGATE_TLS_MORE,
  /// The client has said that nothing more comes.
  PROMGATE_TLS_CLOSED,
  /// It cannot go on. What waits to be sent tells the client.
  PROMGATE_TLS_FAILED,
} promgate_tls_outcome;

/// What has arrived, for the calls that follow. It is not copied: it must stay until they have said MORE.
void promgate_tls_feed(promgate_tls *session, const uint8_t *bytes, size_t length);
/// Goes on with the handshake; DONE at its end, when the client is one that may come in.
promgate_tls_outcome promgate_tls_shake_hands(promgate_tls *session);
/// Decrypts into `bytes`; DONE with a count when there was something. Only after the handshake.
promgate_tls_outcome promgate_tls_read(
    promgate_tls *session, uint8_t *bytes, size_t capacity, size_t *count);
/// Encrypts all of it into `room`, which is good for it with 256 bytes more for each 16 KiB that are begun.
/// What finds no room there waits as other output does. Only after the handshake, and when no output waits;
/// false after an end or a failure.
bool promgate_tls_write(
    promgate_tls *session, const uint8_t *bytes, size_t length, uint8_t *room, size_t capacity,
    size_t *room_count);
/// Says that nothing more comes.
void promgate_tls_close(promgate_tls *session);
/// What waits to be sent besides what found room, until the next call that changes the session.
const uint8_t *promgate_tls_output(promgate_tls *session, size_t *length);
/// Drops what waits to be sent, and its memory.
void promgate_tls_clear_output(promgate_tls *session);

/// OpenSSL's words for the last failure on this thread, "" when it has none. Forgets them.
void promgate_tls_reason(char *text, size_t capacity);

#endif
