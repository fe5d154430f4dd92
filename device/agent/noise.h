// Noise_KK_25519_ChaChaPoly_SHA256 (noiseprotocol.org, revision 34): a
// handshake of two messages between sides that know each other's static keys.
//
//   -> e, es, ss, payload      write_first(), read_first()
//   <- e, ee, se, payload      write_second(), read_second()
//   split()                    a key for each direction
//
// What cannot be opened changes nothing: a side may go on waiting for a genuine
// message. No heap; an object has about 200 bytes, a call takes about 500 of
// stack besides what the Diffie-Hellman function takes.
#pragma once

#include <cstdint>

#include "device/agent/diffie_hellman.h"

namespace shoal {

inline constexpr uint32_t kNoiseHashBytes = 32;
inline constexpr uint32_t kNoiseTagBytes = 16;

// One side's static keys. `shared` is what both sides' make together.
struct Identity {
  uint8_t secret[kDhBytes];
  uint8_t own[kDhBytes], theirs[kDhBytes];  // public
  uint8_t shared[kDhBytes];
};
// Returns false if `theirs` is no key, or the same as one's own.
bool make_identity(const DiffieHellman&, const uint8_t secret[kDhBytes],
                   const uint8_t theirs[kDhBytes], Identity&);

class NoiseKk {
 public:
  // The prologue is what both sides must have seen alike. The others must
  // outlive this.
  NoiseKk(const DiffieHellman&, const Identity&, bool initiator,
          const uint8_t* prologue, uint32_t bytes);
  ~NoiseKk();
  NoiseKk(const NoiseKk&) = default;
  NoiseKk& operator=(const NoiseKk&) = delete;

  // `message` has kDhBytes + bytes + kNoiseTagBytes. `ephemeral` is a secret
  // that was drawn for this message.
  bool write_first(const uint8_t ephemeral[kDhBytes], const uint8_t* payload,
                   uint32_t bytes, uint8_t* message);
  bool write_second(const uint8_t ephemeral[kDhBytes], const uint8_t* payload,
                    uint32_t bytes, uint8_t* message);
  // `bytes` are those of the payload. False: not genuine.
  bool read_first(const uint8_t* message, uint8_t* payload, uint32_t bytes);
  bool read_second(const uint8_t* message, uint8_t* payload, uint32_t bytes);

  // After the second message.
  void split(uint8_t to_responder[kDhBytes],
             uint8_t to_initiator[kDhBytes]) const;
  const uint8_t* hash() const { return h_; }

 private:
  void mix_hash(const uint8_t* data, uint32_t bytes);
  void mix_key(const uint8_t secret[kDhBytes]);
  bool mix_shared(const uint8_t* secret, const uint8_t* theirs);
  bool write(const uint8_t* payload, uint32_t bytes, uint8_t* out);
  bool read(const uint8_t* message, uint8_t* payload, uint32_t bytes);
  void take(const NoiseKk& next);

  const DiffieHellman* dh_;
  const Identity* identity_;
  uint8_t ck_[kNoiseHashBytes], h_[kNoiseHashBytes];
  uint8_t k_[kDhBytes];
  uint8_t e_[kDhBytes], re_[kDhBytes];
};

// A cipher key's successor: Noise's REKEY of ChaChaPoly.
void next_key(uint8_t key[kDhBytes]);

}  // namespace shoal
