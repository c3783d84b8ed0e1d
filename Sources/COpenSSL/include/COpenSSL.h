#ifndef GATEWAY_COPENSSL_H
#define GATEWAY_COPENSSL_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

// Macros of the OpenSSL headers, which Swift cannot import, as functions.
long gateway_ssl_set_minimum_tls12(SSL_CTX *context);
long gateway_ssl_set_server_name(SSL *ssl, const char *name);
long gateway_ssl_set_client_session_cache(SSL_CTX *context);
long gateway_ssl_set_modes(SSL_CTX *context);

// No compression, no renegotiation, the server's cipher order.
uint64_t gateway_ssl_options(void);

// SHA-256 (FIPS 180-4) of `length` bytes into the 32 bytes of `digest`. Cannot fail and allocates nothing.
void gateway_sha256(const void *data, size_t length, void *digest);

// Whether two texts of `length` bytes are the same. Looks at all of them, wherever they differ.
bool gateway_are_same(const void *left, const void *right, size_t length);

// The RSA public key of a modulus and an exponent, both unsigned and big-endian; NULL if OpenSSL makes none of them.
// To be freed with EVP_PKEY_free. In C because OSSL_PARAM keeps the pointers to its names, and a Swift text lends its
// bytes only for one call.
EVP_PKEY *gateway_rsa_public_key(const unsigned char *modulus, int modulus_length, const unsigned char *exponent,
                                 int exponent_length);

#endif
