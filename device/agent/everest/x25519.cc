// By Mbed TLS's copy of Everest: verified code without heap.
#include <cstring>

#include "device/agent/diffie_hellman.h"

// Declared here because everest/Hacl_Curve25519.h is not C++.
extern "C" void Hacl_Curve25519_crypto_scalarmult(uint8_t* product,
                                                  uint8_t* secret,
                                                  uint8_t* point);

namespace shoal {
namespace {

int shared(const uint8_t* secret, const uint8_t* theirs, uint8_t* out) {
  // It reads both without changing them, whatever the types say.
  uint8_t factor[kDhBytes], point[kDhBytes];
  std::memcpy(factor, secret, kDhBytes);
  std::memcpy(point, theirs, kDhBytes);
  Hacl_Curve25519_crypto_scalarmult(out, factor, point);
  uint8_t any = 0;
  for (uint32_t i = 0; i < kDhBytes; ++i) any |= out[i];
  volatile uint8_t* const wipe = factor;
  for (uint32_t i = 0; i < kDhBytes; ++i) wipe[i] = 0;
  return any != 0 ? 0 : -1;
}

int public_key(const uint8_t* secret, uint8_t* out) {
  constexpr uint8_t kBase[kDhBytes] = {9};
  return shared(secret, kBase, out);
}

}  // namespace

const DiffieHellman& x25519_everest() {
  static constexpr DiffieHellman kX25519 = {public_key, shared};
  return kX25519;
}

}  // namespace shoal
