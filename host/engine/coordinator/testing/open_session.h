// Somebody who changes the datagrams of two that speak without a key. Anybody
// can sign those.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <span>

#include "device/agent/keys.h"
#include "device/agent/session_wire.h"
#include "device/link/cipher.h"

namespace shoal {

// Signs a datagram of a session again if `change` says so of its body: what
// follows the SessionHead.
template <class Change>
void change_session(std::span<uint8_t> datagram, Change change) {
  const uint32_t tag = checksum_only().tag_bytes;
  SessionHead head;
  if (datagram.size() < sizeof head + tag ||
      datagram[0] != static_cast<uint8_t>(Kind::kSession)) {
    return;
  }
  std::memcpy(&head, datagram.data(), sizeof head);
  const std::span<uint8_t> body =
      datagram.subspan(sizeof head, datagram.size() - sizeof head - tag);
  if (!change(body)) return;
  const uint8_t key[kKeyBytes] = {};
  EXPECT_EQ(checksum_only().seal(key, session_nonce(head.packet),
                                 datagram.data(), sizeof head, body.data(),
                                 static_cast<uint32_t>(body.size())),
            0);
}

// Changes what a node says to a heartbeat.
template <class Change>
void change_pong(std::span<uint8_t> datagram, Change change) {
  change_session(datagram, [&](std::span<uint8_t> body) {
    PingAnswer p;
    if (body.size() != sizeof(ReplyHead) + sizeof p ||
        body[0] != static_cast<uint8_t>(Request::kPing)) {
      return false;
    }
    std::memcpy(&p, body.data() + sizeof(ReplyHead), sizeof p);
    change(p);
    std::memcpy(body.data() + sizeof(ReplyHead), &p, sizeof p);
    return true;
  });
}

}  // namespace shoal
