// SHA-256 (FIPS 180-4) without a library, for programs that check nothing but
// tags and hashes: a build without Mbed TLS. Use Sha256 (sha256.h), which is
// this one there. No heap; 112 bytes, a call takes about 300 of stack.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

class PortableSha256 {
 public:
  PortableSha256();
  ~PortableSha256();
  PortableSha256(const PortableSha256&) = delete;
  PortableSha256& operator=(const PortableSha256&) = delete;

  void add(const uint8_t* bytes, size_t length);
  bool finish(uint8_t digest[32]);  // always true

 private:
  static constexpr size_t kBlockBytes = 64;
  void take_block(const uint8_t* block);

  uint32_t state_[8];
  uint64_t length_ = 0;
  uint8_t block_[kBlockBytes];
};

}  // namespace shoal
