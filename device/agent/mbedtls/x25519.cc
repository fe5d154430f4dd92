// By Mbed TLS's elliptic curves, which allocate.

#include <cstring>

#include "device/agent/diffie_hellman.h"
#include "device/base/wipe.h"
#include "device/keys/hmac.h"
#include "device/program/mbedtls.h"

namespace shoal {
namespace {

constexpr uint8_t kBase[kDhBytes] = {9};

// Numbers that hide a secret factor, made from it: HMAC-SHA256 of a count.
struct Blinding {
  const uint8_t* secret;
  uint32_t count = 0;

  static int draw(void* user, unsigned char* out, size_t bytes) {
    Blinding& b = *static_cast<Blinding*>(user);
    while (bytes > 0) {
      uint8_t block[kHmacBytes], label[4];
      ++b.count;
      for (int i = 0; i < 4; ++i) {
        label[i] = static_cast<uint8_t>(b.count >> (8 * i));
      }
      hmac_sha256(b.secret, kDhBytes, label, sizeof label, block);
      const size_t n = bytes < sizeof block ? bytes : sizeof block;
      std::memcpy(out, block, n);
      out += n, bytes -= n;
      wipe(block, sizeof block);
    }
    return 0;
  }
};

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
    Blinding blinding{clamped};
    size_t written = 0;
    const bool ok =
        mbedtls_ecp_group_load(&group_, MBEDTLS_ECP_DP_CURVE25519) == 0 &&
        mbedtls_mpi_read_binary_le(&factor_, clamped, kDhBytes) == 0 &&
        mbedtls_ecp_point_read_binary(&group_, &point_, masked, kDhBytes) ==
            0 &&
        mbedtls::multiply(&group_, &product_, &factor_, &point_, Blinding::draw,
                          &blinding) == 0 &&
        mbedtls_ecp_point_write_binary(&group_, &product_,
                                       MBEDTLS_ECP_PF_UNCOMPRESSED, &written,
                                       out, kDhBytes) == 0 &&
        written == kDhBytes;
    wipe(clamped, sizeof clamped);
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
