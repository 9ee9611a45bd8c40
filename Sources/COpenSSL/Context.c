#include "COpenSSL.h"
#include "Library.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/// Of OpenSSL's levels the nearest to what Go accepts: keys of RSA with 1024 bits, nothing signed with SHA-1.
static const int security_level = 1;

static void let_go(promgate_tls_context *context) {
  openssl.SSL_CTX_free(context->settings);
  openssl.EVP_PKEY_free(context->key);
  for (size_t i = 0; i < context->name_count; i++) free(context->names[i].bytes);
  free(context->names);
  free(context);
}

void promgate_tls_context_free(promgate_tls_context *context) {
  if (context != NULL && --context->holders == 0) let_go(context);
}

/// HTTP/1.1 is what is spoken. Who offers other things alone is told nothing, and may try.
static int choose_protocol(
    SSL *ssl, const unsigned char **chosen, unsigned char *length, const unsigned char *offered,
    unsigned int offered_length, void *unused) {
  static const unsigned char ours[] = "\x08http/1.1";
  unsigned char *found;
  int outcome = openssl.SSL_select_next_proto(
      &found, length, ours, sizeof ours - 1, offered, offered_length);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

promgate_tls_context *promgate_tls_context_make(void) {
  openssl.ERR_clear_error();
  promgate_tls_context *context = calloc(1, sizeof *context);
  if (context == NULL) return NULL;
  context->holders = 1;
  SSL_CTX *settings = context->settings = openssl.SSL_CTX_new(openssl.TLS_server_method());
  if (settings == NULL) {
    free(context);
    return NULL;
  }
  // The settings count, not the system's openssl.cnf.
  openssl.SSL_CTX_set_security_level(settings, security_level);
  openssl.SSL_CTX_set_options(
      settings, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                    SSL_OP_PRIORITIZE_CHACHA);
  // Of TLS 1.3, in Go's order.
  openssl.SSL_CTX_set_ciphersuites(
      settings, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  // Groups are Go's too; the first one came with OpenSSL 3.5.
  if (openssl.SSL_CTX_ctrl(
          settings, SSL_CTRL_SET_GROUPS_LIST, 0, "X25519MLKEM768:X25519:P-256:P-384:P-521") != 1)
    openssl.SSL_CTX_ctrl(settings, SSL_CTRL_SET_GROUPS_LIST, 0, "X25519:P-256:P-384:P-521");
  openssl.ERR_clear_error();
  // A connection that waits holds no buffers.
  openssl.SSL_CTX_ctrl(settings, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, NULL);
  // Nothing is kept here between connections: tickets alone, under keys of this context.
  openssl.SSL_CTX_ctrl(settings, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
  openssl.SSL_CTX_set_session_id_context(settings, (const unsigned char *)"promgate", 8);
  openssl.SSL_CTX_set_alpn_select_cb(settings, choose_protocol, NULL);
  return context;
}

/// A passphrase that nobody has: without this OpenSSL asks at the terminal.
static int no_passphrase(char *text, int capacity, int writing, void *unused) { return -1; }

/// Reads certificates to the text's end, and does something with each; false when one is broken, when there
/// is none, or when that fails. What the text holds besides is passed over.
static bool each_certificate(
    promgate_tls_context *context, const uint8_t *pem, size_t length,
    bool (*use)(promgate_tls_context *, X509 *, size_t)) {
  openssl.ERR_clear_error();
  if (length > INT_MAX) return false;
  BIO *text = openssl.BIO_new_mem_buf(pem, (int)length);
  if (text == NULL) return false;
  size_t count = 0;
  bool works = true;
  for (X509 *certificate; works; count++) {
    certificate = openssl.PEM_read_bio_X509(text, NULL, no_passphrase, NULL);
    if (certificate == NULL) break;
    works = use(context, certificate, count);
    openssl.X509_free(certificate);
  }
  openssl.BIO_free(text);
  if (works && count > 0) {
    unsigned long problem = openssl.ERR_peek_last_error();
    works = ERR_GET_LIB(problem) == ERR_LIB_PEM && ERR_GET_REASON(problem) == PEM_R_NO_START_LINE;
    if (works) openssl.ERR_clear_error();
  }
  return works && count > 0;
}

static bool add_to_chain(promgate_tls_context *context, X509 *certificate, size_t place) {
  if (place == 0) return openssl.SSL_CTX_use_certificate(context->settings, certificate) == 1;
  return openssl.SSL_CTX_ctrl(context->settings, SSL_CTRL_CHAIN_CERT, 1, certificate) == 1;
}

bool promgate_tls_set_certificates(promgate_tls_context *context, const uint8_t *pem, size_t length) {
  return each_certificate(context, pem, length, add_to_chain);
}

bool promgate_tls_set_key(promgate_tls_context *context, const uint8_t *pem, size_t length) {
  openssl.ERR_clear_error();
  if (length > INT_MAX) return false;
  BIO *text = openssl.BIO_new_mem_buf(pem, (int)length);
  if (text == NULL) return false;
  openssl.EVP_PKEY_free(context->key);
  context->key = openssl.PEM_read_bio_PrivateKey(text, NULL, no_passphrase, NULL);
  openssl.BIO_free(text);
  return context->key != NULL;
}

bool promgate_tls_use_key(promgate_tls_context *context) {
  openssl.ERR_clear_error();
  return openssl.SSL_CTX_use_PrivateKey(context->settings, context->key) == 1 &&
         openssl.SSL_CTX_check_private_key(context->settings) == 1;
}

bool promgate_tls_set_versions(promgate_tls_context *context, int minimum, int maximum) {
  openssl.ERR_clear_error();
  // The older ones sign with SHA-1, which no other level allows. Who asks for them asks for that.
  if (minimum < TLS1_2_VERSION) openssl.SSL_CTX_set_security_level(context->settings, 0);
  return openssl.SSL_CTX_ctrl(context->settings, SSL_CTRL_SET_MIN_PROTO_VERSION, minimum, NULL) == 1 &&
         openssl.SSL_CTX_ctrl(context->settings, SSL_CTRL_SET_MAX_PROTO_VERSION, maximum, NULL) == 1;
}

bool promgate_tls_set_ciphers(promgate_tls_context *context, const char *names) {
  openssl.ERR_clear_error();
  return openssl.SSL_CTX_set_cipher_list(context->settings, names) == 1;
}

/// Whether keys may be exchanged over a group. OpenSSL knows one list for that and for the curves of
/// certificates, so the list has all of those, and this leaves out what is not for keys: of TLS 1.3 when a
/// group is looked at, of earlier versions when one is chosen.
static int is_allowed(
    const SSL *ssl, const SSL_CTX *settings, int operation, int bits, int number, void *other,
    void *argument) {
  const promgate_tls_context *context = argument;
  bool chooses = operation == SSL_SECOP_CURVE_SHARED;
  if (operation == SSL_SECOP_CURVE_CHECK && ssl != NULL)
    chooses = openssl.SSL_version(ssl) == TLS1_3_VERSION;
  if (chooses) {
    bool found = false;
    for (size_t i = 0; i < context->group_count; i++) found = found || context->groups[i] == number;
    if (!found) return 0;
  }
  return context->is_strong(ssl, settings, operation, bits, number, other, NULL);
}

bool promgate_tls_set_groups(promgate_tls_context *context, const uint16_t *groups, size_t count) {
  static const struct { uint16_t group; int number; } known[] = {
      {23, NID_X9_62_prime256v1}, {24, NID_secp384r1}, {25, NID_secp521r1}, {29, NID_X25519}};
  static const size_t known_count = sizeof known / sizeof known[0];
  openssl.ERR_clear_error();
  if (count == 0 || count > known_count) return false;
  int all[8];
  for (size_t i = 0; i < count; i++) {
    int number = NID_undef;
    for (size_t k = 0; k < known_count; k++)
      if (known[k].group == groups[i]) number = known[k].number;
    if (number == NID_undef) return false;
    context->groups[i] = all[i] = number;
  }
  context->group_count = count;
  size_t all_count = count;
  for (size_t k = 0; k < known_count; k++) {
    bool has = false;
    for (size_t i = 0; i < count; i++) has = has || all[i] == known[k].number;
    if (!has) all[all_count++] = known[k].number;
  }
  if (openssl.SSL_CTX_ctrl(context->settings, SSL_CTRL_SET_GROUPS, (long)all_count, all) != 1) return false;
  context->is_strong = openssl.SSL_CTX_get_security_callback(context->settings);
  openssl.SSL_CTX_set0_security_ex_data(context->settings, context);
  openssl.SSL_CTX_set_security_callback(context->settings, is_allowed);
  return true;
}

static bool trust(promgate_tls_context *context, X509 *certificate, size_t place) {
  // Clients with several certificates choose by the names that they are told.
  return openssl.X509_STORE_add_cert(openssl.SSL_CTX_get_cert_store(context->settings), certificate) == 1 &&
         openssl.SSL_CTX_add_client_CA(context->settings, certificate) == 1;
}

bool promgate_tls_set_authorities(promgate_tls_context *context, const uint8_t *pem, size_t length) {
  if (length > 0) return each_certificate(context, pem, length, trust);
  openssl.ERR_clear_error();
  return openssl.SSL_CTX_set_default_verify_paths(context->settings) == 1;
}

bool promgate_tls_add_client_name(promgate_tls_context *context, const uint8_t *name, size_t length) {
  client_name *names = realloc(context->names, (context->name_count + 1) * sizeof *names);
  if (names == NULL) return false;
  context->names = names;
  client_name *added = &names[context->name_count];
  memset(added, 0, sizeof *added);
  added->bytes = malloc(length + 1);
  if (added->bytes == NULL) return false;
  memcpy(added->bytes, name, length);
  added->bytes[length] = 0;
  added->length = length;
  if (inet_pton(AF_INET, (const char *)added->bytes, added->address) == 1) added->address_length = 4;
  else if (inet_pton(AF_INET6, (const char *)added->bytes, added->address) == 1) added->address_length = 16;
  context->name_count++;
  return true;
}

static bool is_one_of(const promgate_tls_context *context, const GENERAL_NAME *name) {
  bool is_address = name->type == GEN_IPADD;
  if (!is_address && name->type != GEN_DNS && name->type != GEN_EMAIL && name->type != GEN_URI) return false;
  const ASN1_STRING *text = is_address ? name->d.iPAddress : name->d.ia5;
  const uint8_t *bytes = openssl.ASN1_STRING_get0_data(text);
  size_t length = (size_t)openssl.ASN1_STRING_length(text);
  for (size_t i = 0; i < context->name_count; i++) {
    const client_name *allowed = &context->names[i];
    size_t wanted = is_address ? allowed->address_length : allowed->length;
    if (wanted == length && length > 0 &&
        memcmp(bytes, is_address ? allowed->address : allowed->bytes, length) == 0)
      return true;
  }
  return false;
}

static bool has_name(const promgate_tls_context *context, const X509 *certificate) {
  OPENSSL_STACK *found = openssl.X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  bool has = false;
  int count = found == NULL ? 0 : openssl.OPENSSL_sk_num(found);
  for (int i = 0; i < count && !has; i++) has = is_one_of(context, openssl.OPENSSL_sk_value(found, i));
  if (found != NULL) openssl.OPENSSL_sk_pop_free(found, (OPENSSL_sk_freefunc)openssl.GENERAL_NAME_free);
  return has;
}

/// Within the handshake: who is refused here never finishes it, and is told so.
static int judge_client(X509_STORE_CTX *chain, void *argument) {
  const promgate_tls_context *context = argument;
  // Also where old versions may be spoken, nobody comes in with what SHA-1 has signed.
  openssl.X509_VERIFY_PARAM_set_auth_level(openssl.X509_STORE_CTX_get0_param(chain), security_level);
  if (context->verifies && openssl.X509_verify_cert(chain) != 1) return 0;
  const X509 *certificate = openssl.X509_STORE_CTX_get0_cert(chain);
  if (context->name_count == 0 || (certificate != NULL && has_name(context, certificate))) {
    openssl.X509_STORE_CTX_set_error(chain, X509_V_OK);
    return 1;
  }
  openssl.X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
  return 0;
}

bool promgate_tls_set_clients(promgate_tls_context *context, bool asks, bool needs, bool verifies) {
  context->verifies = verifies;
  SSL_CTX *settings = context->settings;
  int mode = !asks ? SSL_VERIFY_NONE : SSL_VERIFY_PEER | (needs ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
  openssl.SSL_CTX_set_verify(settings, mode, NULL);
  openssl.SSL_CTX_set_cert_verify_callback(settings, judge_client, context);
  // Any certificate that is trusted ends a chain, as for Go.
  X509_STORE *store = openssl.SSL_CTX_get_cert_store(settings);
  if (openssl.X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) != 1) return false;
  if (!asks) return true;
  // A certificate is looked at at every connection: none lives on in a ticket after its end.
  openssl.SSL_CTX_set_options(settings, SSL_OP_NO_TICKET);
  return openssl.SSL_CTX_set_num_tickets(settings, 0) == 1;
}
