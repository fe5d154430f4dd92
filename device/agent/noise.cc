#include "device/agent/noise.h"

#include <cstring>

#include "device/base/wipe.h"
#include "device/keys/hmac.h"
#include "device/program/sha256.h"
#if !defined(SHOAL_WITHOUT_CIPHERS)
#include <mbedtls/chachapoly.h>
#endif

namespace shoal {
namespace {

constexpr char kProtocol[] = "Noise_KK_25519_ChaChaPoly_SHA256";
static_assert(sizeof kProtocol - 1 == kNoiseHashBytes);

// Every key of the handshake seals one payload, with the number 0.
constexpr uint8_t kNonceZero[12] = {};

#if defined(SHOAL_WITHOUT_CIPHERS)
// A node without Mbed TLS has no identity.
class Cipher {
 public:
  explicit Cipher(const uint8_t*) {}
  static bool seal(const uint8_t*, const uint8_t*, uint32_t, const uint8_t*,
                   uint32_t, uint8_t*, uint8_t*) {
    return false;
  }
  static bool open(const uint8_t*, const uint8_t*, uint32_t, const uint8_t*,
                   uint32_t, uint8_t*) {
    return false;
  }
};
#else
class Cipher {
 public:
  explicit Cipher(const uint8_t* key) {
    mbedtls_chachapoly_init(&context_);
    ok_ = mbedtls_chachapoly_setkey(&context_, key) == 0;
  }
  ~Cipher() { mbedtls_chachapoly_free(&context_); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  bool seal(const uint8_t* nonce, const uint8_t* head, uint32_t head_bytes,
            const uint8_t* data, uint32_t bytes, uint8_t* out, uint8_t* tag) {
    return ok_ &&
           mbedtls_chachapoly_encrypt_and_tag(&context_, bytes, nonce, head,
                                              head_bytes, data, out, tag) == 0;
  }
  bool open(const uint8_t* nonce, const uint8_t* head, uint32_t head_bytes,
            const uint8_t* data, uint32_t bytes, uint8_t* out) {
    return ok_ && mbedtls_chachapoly_auth_decrypt(&context_, bytes, nonce, head,
                                                  head_bytes, data + bytes,
                                                  data, out) == 0;
  }

 private:
  mbedtls_chachapoly_context context_;
  bool ok_ = false;
};
#endif

// HKDF (RFC 5869) as Noise has it; `second` follows `first`.
void expand(const uint8_t ck[kNoiseHashBytes], const uint8_t* input,
            uint32_t bytes, uint8_t first[kHmacBytes],
            uint8_t second[kHmacBytes]) {
  uint8_t root[kHmacBytes], block[kHmacBytes + 1];
  hmac_sha256(ck, kNoiseHashBytes, input, bytes, root);
  block[0] = 1;
  hmac_sha256(root, sizeof root, block, 1, first);
  std::memcpy(block, first, kHmacBytes);
  block[kHmacBytes] = 2;
  hmac_sha256(root, sizeof root, block, sizeof block, second);
  wipe(root, sizeof root);
  wipe(block, sizeof block);
}

}  // namespace

bool make_identity(const DiffieHellman& dh, const uint8_t secret[kDhBytes],
                   const uint8_t theirs[kDhBytes], Identity& out) {
  std::memcpy(out.secret, secret, kDhBytes);
  std::memcpy(out.theirs, theirs, kDhBytes);
  return dh.public_key(secret, out.own) == 0 &&
         std::memcmp(out.own, theirs, kDhBytes) != 0 &&
         dh.shared(secret, theirs, out.shared) == 0;
}

NoiseKk::NoiseKk(const DiffieHellman& dh, const Identity& identity,
                 bool initiator, const uint8_t* prologue, uint32_t bytes)
    : dh_(&dh), identity_(&identity), k_{}, e_{}, re_{} {
  std::memcpy(h_, kProtocol, kNoiseHashBytes);
  std::memcpy(ck_, h_, kNoiseHashBytes);
  mix_hash(prologue, bytes);
  mix_hash(initiator ? identity.own : identity.theirs, kDhBytes);
  mix_hash(initiator ? identity.theirs : identity.own, kDhBytes);
}

NoiseKk::~NoiseKk() {
  wipe(ck_, sizeof ck_);
  wipe(k_, sizeof k_);
  wipe(e_, sizeof e_);
}

void NoiseKk::mix_hash(const uint8_t* data, uint32_t bytes) {
  Sha256 sha;
  sha.add(h_, sizeof h_);
  sha.add(data, bytes);
  if (!sha.finish(h_)) std::memset(h_, 0, sizeof h_);
}

void NoiseKk::mix_key(const uint8_t secret[kDhBytes]) {
  uint8_t next[kNoiseHashBytes];
  expand(ck_, secret, kDhBytes, next, k_);
  std::memcpy(ck_, next, sizeof next);
  wipe(next, sizeof next);
}

bool NoiseKk::mix_shared(const uint8_t* secret, const uint8_t* theirs) {
  uint8_t shared[kDhBytes];
  const bool ok = dh_->shared(secret, theirs, shared) == 0;
  if (ok) mix_key(shared);
  wipe(shared, sizeof shared);
  return ok;
}

// EncryptAndHash and DecryptAndHash.
bool NoiseKk::write(const uint8_t* payload, uint32_t bytes, uint8_t* out) {
  if (!Cipher(k_).seal(kNonceZero, h_, sizeof h_, payload, bytes, out,
                       out + bytes)) {
    return false;
  }
  mix_hash(out, bytes + kNoiseTagBytes);
  return true;
}

bool NoiseKk::read(const uint8_t* message, uint8_t* payload, uint32_t bytes) {
  if (!Cipher(k_).open(kNonceZero, h_, sizeof h_, message, bytes, payload)) {
    return false;
  }
  mix_hash(message, bytes + kNoiseTagBytes);
  return true;
}

bool NoiseKk::write_first(const uint8_t ephemeral[kDhBytes],
                          const uint8_t* payload, uint32_t bytes,
                          uint8_t* message) {
  std::memcpy(e_, ephemeral, kDhBytes);
  if (dh_->public_key(e_, message) != 0) return false;
  mix_hash(message, kDhBytes);
  if (!mix_shared(e_, identity_->theirs)) return false;
  mix_key(identity_->shared);
  return write(payload, bytes, message + kDhBytes);
}

bool NoiseKk::read_first(const uint8_t* message, uint8_t* payload,
                         uint32_t bytes) {
  NoiseKk next = *this;
  std::memcpy(next.re_, message, kDhBytes);
  next.mix_hash(message, kDhBytes);
  if (!next.mix_shared(identity_->secret, next.re_)) return false;
  next.mix_key(identity_->shared);
  if (!next.read(message + kDhBytes, payload, bytes)) return false;
  take(next);
  return true;
}

bool NoiseKk::write_second(const uint8_t ephemeral[kDhBytes],
                           const uint8_t* payload, uint32_t bytes,
                           uint8_t* message) {
  std::memcpy(e_, ephemeral, kDhBytes);
  if (dh_->public_key(e_, message) != 0) return false;
  mix_hash(message, kDhBytes);
  return mix_shared(e_, re_) && mix_shared(e_, identity_->theirs) &&
         write(payload, bytes, message + kDhBytes);
}

bool NoiseKk::read_second(const uint8_t* message, uint8_t* payload,
                          uint32_t bytes) {
  NoiseKk next = *this;
  std::memcpy(next.re_, message, kDhBytes);
  next.mix_hash(message, kDhBytes);
  if (!next.mix_shared(next.e_, next.re_) ||
      !next.mix_shared(identity_->secret, next.re_) ||
      !next.read(message + kDhBytes, payload, bytes)) {
    return false;
  }
  take(next);
  return true;
}

void NoiseKk::take(const NoiseKk& next) {
  std::memcpy(ck_, next.ck_, sizeof ck_);
  std::memcpy(h_, next.h_, sizeof h_);
  std::memcpy(k_, next.k_, sizeof k_);
  std::memcpy(re_, next.re_, sizeof re_);
}

void NoiseKk::split(uint8_t to_responder[kDhBytes],
                    uint8_t to_initiator[kDhBytes]) const {
  expand(ck_, nullptr, 0, to_responder, to_initiator);
}

void next_key(uint8_t key[kDhBytes]) {
  uint8_t last[12] = {}, tag[kNoiseTagBytes], zeros[kDhBytes] = {};
  std::memset(last + 4, 0xFF, 8);
  uint8_t next[kDhBytes];
  if (!Cipher(key).seal(last, nullptr, 0, zeros, sizeof zeros, next, tag)) {
    std::memset(next, 0, sizeof next);
  }
  std::memcpy(key, next, sizeof next);
  wipe(next, sizeof next);
}

}  // namespace shoal
