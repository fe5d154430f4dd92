// By Mbed TLS's elliptic curves, which allocate.
#include <mbedtls/ecp.h>
#include <mbedtls/platform_util.h>

#include <cstring>

#include "device/agent/diffie_hellman.h"

namespace shoal {
namespace {

constexpr uint8_t kBase[kDhBytes] = {9};

class Curve {
 public:
  Curve() {
    mbedtls_ecp_group_init(&group_);
    mbedtls_ecp_point_init(&point_);
    mbedtls_ecp_point_init(&product_);
    mbedtls_mpi_init(&factor_);
  }
  ~Curve() {
    mbedtls_mpi_free(&factor_);
    mbedtls_ecp_point_free(&product_);
    mbedtls_ecp_point_free(&point_);
    mbedtls_ecp_group_free(&group_);
  }
  Curve(const Curve&) = delete;
  Curve& operator=(const Curve&) = delete;

  // Low-order points are refused by the library.
  bool multiply(const uint8_t* secret, const uint8_t* point, uint8_t* out) {
    uint8_t clamped[kDhBytes], masked[kDhBytes];
    std::memcpy(clamped, secret, kDhBytes);
    clamped[0] &= 0xF8, clamped[31] &= 0x7F, clamped[31] |= 0x40;
    std::memcpy(masked, point, kDhBytes);
    masked[31] &= 0x7F;
    const bool ok =
        mbedtls_ecp_group_load(&group_, MBEDTLS_ECP_DP_CURVE25519) == 0 &&
        mbedtls_mpi_read_binary_le(&factor_, clamped, kDhBytes) == 0 &&
        mbedtls_mpi_read_binary_le(&point_.X, masked, kDhBytes) == 0 &&
        mbedtls_mpi_lset(&point_.Z, 1) == 0 &&
        mbedtls_ecp_mul(&group_, &product_, &factor_, &point_, nullptr,
                        nullptr) == 0 &&
        mbedtls_mpi_write_binary_le(&product_.X, out, kDhBytes) == 0;
    mbedtls_platform_zeroize(clamped, sizeof clamped);
    return ok;
  }

 private:
  mbedtls_ecp_group group_;
  mbedtls_ecp_point point_, product_;
  mbedtls_mpi factor_;
};

int shared(const uint8_t* secret, const uint8_t* theirs, uint8_t* out) {
  if (!Curve().multiply(secret, theirs, out)) return -1;
  uint8_t any = 0;
  for (uint32_t i = 0; i < kDhBytes; ++i) any |= out[i];
  return any != 0 ? 0 : -1;
}

int public_key(const uint8_t* secret, uint8_t* out) {
  return shared(secret, kBase, out);
}

}  // namespace

const DiffieHellman& x25519_mbedtls() {
  static constexpr DiffieHellman kX25519 = {public_key, shared};
  return kX25519;
}

}  // namespace shoal
