#include "device/program/portable_sha256.h"

#include <cstring>

#include "device/base/wipe.h"

namespace shoal {
namespace {

constexpr uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                  0xa54ff53a, 0x510e527f, 0x9b05688c,
                                  0x1f83d9ab, 0x5be0cd19};
constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t big_endian(const uint8_t* b) {
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 |
         b[3];
}

// To the right, by 1 to 31.
uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

uint32_t mix(uint32_t x, int a, int b, int c) {
  return rotate(x, a) ^ rotate(x, b) ^ rotate(x, c);
}

}  // namespace

PortableSha256::PortableSha256() {
  std::memcpy(state_, kInitial, sizeof state_);
}

PortableSha256::~PortableSha256() {
  wipe(state_, sizeof state_);
  wipe(block_, sizeof block_);
}

void PortableSha256::take_block(const uint8_t* block) {
  uint32_t w[16], s[8];
  std::memcpy(s, state_, sizeof s);
  for (uint32_t i = 0; i < 64; ++i) {
    uint32_t& word = w[i % 16];
    if (i < 16) {
      word = big_endian(block + 4 * i);
    } else {
      const uint32_t a = w[(i + 1) % 16], b = w[(i + 14) % 16];
      word += (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[(i + 9) % 16] +
              (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    const uint32_t chosen = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const uint32_t most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    const uint32_t first =
        s[7] + mix(s[4], 6, 11, 25) + chosen + kRound[i] + word;
    const uint32_t second = mix(s[0], 2, 13, 22) + most;
    for (int k = 7; k > 0; --k) s[k] = s[k - 1];
    s[4] += first;
    s[0] = first + second;
  }
  for (int k = 0; k < 8; ++k) state_[k] += s[k];
}

void PortableSha256::add(const uint8_t* bytes, size_t length) {
  while (length > 0) {
    const size_t at = length_ % kBlockBytes;
    const size_t n = length < kBlockBytes - at ? length : kBlockBytes - at;
    std::memcpy(block_ + at, bytes, n);
    bytes += n, length -= n, length_ += n;
    if (length_ % kBlockBytes == 0) take_block(block_);
  }
}

// A bit, zeros and the length in bits fill the last block.
bool PortableSha256::finish(uint8_t digest[32]) {
  const uint64_t bits = 8 * length_;
  constexpr uint8_t kBit = 0x80, kZero = 0;
  add(&kBit, 1);
  while (length_ % kBlockBytes != kBlockBytes - 8) add(&kZero, 1);
  uint8_t end[8];
  for (int i = 0; i < 8; ++i) {
    end[i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  }
  add(end, sizeof end);
  for (int i = 0; i < 32; ++i) {
    digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  }
  return true;
}

}  // namespace shoal
