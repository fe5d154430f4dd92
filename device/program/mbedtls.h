// The Mbed TLS that the platform has, version 2 or 3: the only header that
// knows which. Version 3 has no names in `_ret`, wants random numbers for
// curves, and hides the fields of its structs, which are not touched here. What
// is the same in both (device/link/mbedtls, device/agent/noise.cc) is called as
// it is.
#pragma once

#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include <cstddef>
#include <cstdint>

#if MBEDTLS_VERSION_MAJOR != 2 && MBEDTLS_VERSION_MAJOR != 3
#error "shoal takes Mbed TLS 2.7 to 3.6"
#endif

#if MBEDTLS_VERSION_MAJOR == 2 || defined(MBEDTLS_ECP_C)
#include <mbedtls/ecp.h>
#endif

namespace shoal::mbedtls {

// All return 0 if all is well.
#if MBEDTLS_VERSION_MAJOR == 2
inline int sha256_starts(mbedtls_sha256_context* c) {
  return mbedtls_sha256_starts_ret(c, 0);
}
inline int sha256_update(mbedtls_sha256_context* c, const uint8_t* bytes,
                         size_t count) {
  return mbedtls_sha256_update_ret(c, bytes, count);
}
inline int sha256_finish(mbedtls_sha256_context* c, uint8_t* digest) {
  return mbedtls_sha256_finish_ret(c, digest);
}
#else
inline int sha256_starts(mbedtls_sha256_context* c) {
  return mbedtls_sha256_starts(c, 0);
}
inline int sha256_update(mbedtls_sha256_context* c, const uint8_t* bytes,
                         size_t count) {
  return mbedtls_sha256_update(c, bytes, count);
}
inline int sha256_finish(mbedtls_sha256_context* c, uint8_t* digest) {
  return mbedtls_sha256_finish(c, digest);
}
#endif

#if MBEDTLS_VERSION_MAJOR == 2 || defined(MBEDTLS_ECP_C)
// product = factor * point. `blind` gives numbers that hide the factor from
// measurements of time or power; version 2 makes its own.
using Blind = int (*)(void* user, unsigned char* out, size_t bytes);
inline int multiply(mbedtls_ecp_group* group, mbedtls_ecp_point* product,
                    const mbedtls_mpi* factor, const mbedtls_ecp_point* point,
                    Blind blind, void* user) {
#if MBEDTLS_VERSION_MAJOR == 2
  blind = nullptr;
#endif
  return mbedtls_ecp_mul(group, product, factor, point, blind, user);
}
#endif

}  // namespace shoal::mbedtls
