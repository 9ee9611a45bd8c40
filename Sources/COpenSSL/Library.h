// OpenSSL's functions, found when the first connection needs them: linking against it would add a
// millisecond to every start of the program. libcurl brings the same file when it is loaded.
#ifndef PROMGATE_COPENSSL_LIBRARY_H
#define PROMGATE_COPENSSL_LIBRARY_H

#include <openssl/opensslv.h>
#if OPENSSL_VERSION_MAJOR < 3
#error "promgate needs OpenSSL 3 or later"
#endif
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

#define OPENSSL_FUNCTIONS(each)       \
  each(ASN1_STRING_get0_data)         \
  each(ASN1_STRING_length)            \
  each(BIO_clear_flags)               \
  each(BIO_free)                      \
  each(BIO_get_data)                  \
  each(BIO_meth_free)                 \
  each(BIO_meth_new)                  \
  each(BIO_meth_set_create)           \
  each(BIO_meth_set_ctrl)             \
  each(BIO_meth_set_read_ex)          \
  each(BIO_meth_set_write_ex)         \
  each(BIO_new)                       \
  each(BIO_new_mem_buf)               \
  each(BIO_set_data)                  \
  each(BIO_set_flags)                 \
  each(BIO_set_init)                  \
  each(ERR_clear_error)               \
  each(ERR_get_error)                 \
  each(ERR_peek_last_error)           \
  each(ERR_reason_error_string)       \
  each(EVP_PKEY_free)                 \
  each(GENERAL_NAME_free)             \
  each(OPENSSL_init_ssl)              \
  each(OPENSSL_sk_num)                \
  each(OPENSSL_sk_pop_free)           \
  each(OPENSSL_sk_value)              \
  each(PEM_read_bio_PrivateKey)       \
  each(PEM_read_bio_X509)             \
  each(SSL_CTX_add_client_CA)         \
  each(SSL_CTX_check_private_key)     \
  each(SSL_CTX_ctrl)                  \
  each(SSL_CTX_free)                  \
  each(SSL_CTX_get_cert_store)        \
  each(SSL_CTX_get_security_callback) \
  each(SSL_CTX_new)                   \
  each(SSL_CTX_set_alpn_select_cb)    \
  each(SSL_CTX_set_cert_verify_callback) \
  each(SSL_CTX_set_cipher_list)       \
  each(SSL_CTX_set_ciphersuites)      \
  each(SSL_CTX_set_default_verify_paths) \
  each(SSL_CTX_set_num_tickets)       \
  each(SSL_CTX_set_options)           \
  each(SSL_CTX_set0_security_ex_data) \
  each(SSL_CTX_set_security_callback) \
  each(SSL_CTX_set_security_level)    \
  each(SSL_CTX_set_session_id_context) \
  each(SSL_CTX_set_verify)            \
  each(SSL_CTX_use_PrivateKey)        \
  each(SSL_CTX_use_certificate)       \
  each(SSL_accept)                    \
  each(SSL_free)                      \
  each(SSL_get0_peer_certificate)     \
  each(SSL_get_error)                 \
  each(SSL_new)                       \
  each(SSL_read_ex)                   \
  each(SSL_select_next_proto)         \
  each(SSL_set_bio)                   \
  each(SSL_shutdown)                  \
  each(SSL_version)                   \
  each(SSL_write_ex)                  \
  each(TLS_server_method)             \
  each(X509_STORE_CTX_get0_cert)      \
  each(X509_STORE_CTX_get0_param)     \
  each(X509_STORE_CTX_set_error)      \
  each(X509_STORE_add_cert)           \
  each(X509_STORE_set_flags)          \
  each(X509_VERIFY_PARAM_set_auth_level) \
  each(X509_free)                     \
  each(X509_get_ext_d2i)              \
  each(X509_verify_cert)

#define OPENSSL_FIELD(name) __typeof__(name) *name;
typedef struct {
  OPENSSL_FUNCTIONS(OPENSSL_FIELD)
} openssl_library;
#undef OPENSSL_FIELD

/// The functions; valid once `promgate_tls_load` has returned true.
extern openssl_library openssl;

/// How sessions talk to OpenSSL; valid once it is loaded.
extern BIO_METHOD *session_bytes;
/// Makes `session_bytes`; NULL when memory is short.
BIO_METHOD *make_session_bytes(void);

/// An alternative name that clients may have, and its address when it is one.
typedef struct {
  uint8_t *bytes;
  size_t length;
  uint8_t address[16];
  size_t address_length;
} client_name;

struct promgate_tls_context {
  SSL_CTX *settings;
  EVP_PKEY *key;
  client_name *names;
  size_t name_count;
  bool verifies;
  /// Of these alone keys are exchanged, by OpenSSL's numbers; none for its usual ones.
  int groups[4];
  size_t group_count;
  /// OpenSSL's own judgement of what is strong enough.
  int (*is_strong)(const SSL *, const SSL_CTX *, int, int, int, void *, void *);
  /// One for whoever made it, and one for each session.
  _Atomic size_t holders;
};

#endif
