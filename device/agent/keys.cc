#include "device/agent/keys.h"

#include "device/base/wipe.h"

namespace shoal {
namespace {

// One block of HKDF-Expand: `label` and the counter byte.
void expand(const uint8_t* key, const char* label, uint8_t out[kHmacBytes]) {
  uint8_t info[kHmacBytes];
  const auto length = static_cast<uint32_t>(std::strlen(label));
  std::memcpy(info, label, length);
  info[length] = 1;
  hmac_sha256(key, kHmacBytes, info, length + 1, out);
}

}  // namespace

SessionKeys session_keys(const uint8_t cluster_key[kKeyBytes],
                         const uint8_t coordinator_nonce[kNonceBytes],
                         const uint8_t node_nonce[kNonceBytes]) {
  uint8_t salt[2 * kNonceBytes];
  std::memcpy(salt, coordinator_nonce, kNonceBytes);
  std::memcpy(salt + kNonceBytes, node_nonce, kNonceBytes);
  uint8_t root[kHmacBytes];
  hmac_sha256(salt, sizeof salt, cluster_key, kKeyBytes, root);
  SessionKeys keys;
  expand(root, "shoal to node", keys.to_node);
  expand(root, "shoal to coordinator", keys.to_coordinator);
  uint8_t name[kHmacBytes];
  expand(root, "shoal session", name);
  std::memcpy(&keys.session, name, sizeof keys.session);
  wipe(root, sizeof root);
  return keys;
}

void data_key(const uint8_t secret[kKeyBytes], uint32_t epoch, uint16_t from,
              uint16_t to, uint8_t key[kKeyBytes]) {
  uint8_t info[18] = "shoal data";
  std::memcpy(info + 10, &epoch, 4);
  std::memcpy(info + 14, &from, 2);
  std::memcpy(info + 16, &to, 2);
  hmac_sha256(secret, kKeyBytes, info, sizeof info, key);
}

void sign(const uint8_t cluster_key[kKeyBytes], Hello& hello) {
  uint8_t mac[kHmacBytes];
  hmac_sha256(cluster_key, kKeyBytes, reinterpret_cast<const uint8_t*>(&hello),
              sizeof hello - kMacBytes, mac);
  std::memcpy(hello.mac, mac, kMacBytes);
}

bool signature_fits(const uint8_t cluster_key[kKeyBytes], const Hello& hello) {
  Hello mine = hello;
  sign(cluster_key, mine);
  return equal_bytes(mine.mac, hello.mac, kMacBytes);
}

bool equal_bytes(const uint8_t* a, const uint8_t* b, uint32_t bytes) {
  unsigned difference = 0;
  for (uint32_t i = 0; i < bytes; ++i) {
    difference |= static_cast<unsigned>(a[i] ^ b[i]);
  }
  return difference == 0;
}

bool ReplayWindow::fresh(uint32_t packet) const {
  if (packet >= next_) return packet != 0xFFFFFFFF;
  const uint32_t age = next_ - 1 - packet;
  return age < 64 && !(seen_ >> age & 1);
}

void ReplayWindow::note(uint32_t packet) {
  if (packet >= next_) {
    const uint32_t ahead = packet + 1 - next_;
    seen_ = ahead < 64 ? seen_ << ahead : 0;
    next_ = packet + 1;
  }
  seen_ |= uint64_t{1} << (next_ - 1 - packet);
}

}  // namespace shoal
