/* Mbed TLS on a node: SHA-256, ChaCha20-Poly1305; a generator of random
 * numbers for boards without a source of them. */
#ifndef SHOAL_BOARDS_FIRMWARE_MBEDTLS_CONFIG_H_
#define SHOAL_BOARDS_FIRMWARE_MBEDTLS_CONFIG_H_

#define MBEDTLS_SHA256_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_AES_C
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_CTR_DRBG_C

#endif
