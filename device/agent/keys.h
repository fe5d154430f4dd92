// Keys of a cluster, all made from HMAC-SHA256. No heap; about 400 bytes of
// stack.
//
//   cluster key   32 bytes that every node and the coordinator have
//   session keys  HKDF (RFC 5869) of the cluster key with both nonces as the
//                 salt, one key per direction
//   data keys     of the secret that the coordinator draws for a pair of nodes
//                 in an epoch, one key per direction
#pragma once

#include <cstdint>

#include "device/agent/session_wire.h"
#include "device/keys/hmac.h"
#include "device/link/cipher.h"

namespace shoal {

struct SessionKeys {
  uint8_t to_node[kKeyBytes], to_coordinator[kKeyBytes];
  uint32_t session;  // its name in datagrams
};
SessionKeys session_keys(const uint8_t cluster_key[kKeyBytes],
                         const uint8_t coordinator_nonce[kNonceBytes],
                         const uint8_t node_nonce[kNonceBytes]);

// Derives the key of datagrams from node `from` to node `to` (or kCoordinator).
void data_key(const uint8_t secret[kKeyBytes], uint32_t epoch, uint16_t from,
              uint16_t to, uint8_t key[kKeyBytes]);

// Makes and checks the last field of a hello or an answer.
void sign(const uint8_t cluster_key[kKeyBytes], Hello&);
bool signature_fits(const uint8_t cluster_key[kKeyBytes], const Hello&);

// Compares in constant time.
bool equal_bytes(const uint8_t* a, const uint8_t* b, uint32_t bytes);

// One direction's datagrams of a session: which packet numbers have come.
class ReplayWindow {
 public:
  bool fresh(uint32_t packet) const;
  void note(uint32_t packet);  // fresh, and its datagram genuine
  // Returns whether it was the largest number so far when it was noted.
  bool newest(uint32_t packet) const { return packet + 1 == next_; }

 private:
  uint64_t seen_ = 0;  // bit i: number next_ - 1 - i has come
  uint32_t next_ = 0;
};

}  // namespace shoal
