#include <mbedtls/chachapoly.h>

#include "device/link/cipher.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

constexpr uint32_t kPolyBytes = 16;
constexpr uint32_t kNonceBytes = 12;

class Context {
 public:
  Context(const uint8_t* key, uint64_t packet) {
    mbedtls_chachapoly_init(&context_);
    ok_ = mbedtls_chachapoly_setkey(&context_, key) == 0;
    put32(nonce_, static_cast<uint32_t>(packet));
    put32(nonce_ + 4, static_cast<uint32_t>(packet >> 32));
    put32(nonce_ + 8, 0);
  }
  ~Context() { mbedtls_chachapoly_free(&context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  int seal(const void* head, uint32_t head_bytes, uint8_t* data,
           uint32_t bytes) {
    if (!ok_) return -1;
    return mbedtls_chachapoly_encrypt_and_tag(
        &context_, bytes, nonce_, static_cast<const uint8_t*>(head), head_bytes,
        data, data, data + bytes);
  }
  int open(const void* head, uint32_t head_bytes, uint8_t* data,
           uint32_t bytes) {
    if (!ok_) return -1;
    return mbedtls_chachapoly_auth_decrypt(
        &context_, bytes, nonce_, static_cast<const uint8_t*>(head), head_bytes,
        data + bytes, data, data);
  }

 private:
  mbedtls_chachapoly_context context_;
  uint8_t nonce_[kNonceBytes];
  bool ok_ = false;
};

int seal(const uint8_t* key, uint64_t packet, const void* head,
         uint32_t head_bytes, void* data, uint32_t bytes) {
  return Context(key, packet)
      .seal(head, head_bytes, static_cast<uint8_t*>(data), bytes);
}

int open(const uint8_t* key, uint64_t packet, const void* head,
         uint32_t head_bytes, void* data, uint32_t bytes) {
  return Context(key, packet)
      .open(head, head_bytes, static_cast<uint8_t*>(data), bytes);
}

}  // namespace

const shoal_cipher& chacha20_poly1305() {
  static constexpr shoal_cipher kCipher = {kPolyBytes, seal, open};
  return kCipher;
}

}  // namespace shoal
