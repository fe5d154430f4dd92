// Any bytes as what a node that starts frames is given, and as what its peers
// say then: it refuses the image, or steps and answers without harm. The image
// ends where a first u16 says; a frame's datagrams follow, each a u8 of length
// and the bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "device/agent/leader.h"
#include "device/agent/testing/small_leader.h"
#include "device/link/cipher.h"

namespace {

using shoal::Bytes;

uint64_t now = 1;

bool read_image(void* of, uint32_t offset, void* to, uint32_t bytes) {
  const Bytes& all = *static_cast<const Bytes*>(of);
  // A checked range lies inside.
  if (offset > all.size() || bytes > all.size() - offset) std::abort();
  std::memcpy(to, all.data() + offset, bytes);
  return true;
}

void talk(shoal::LeaderProgram& leader, const uint8_t* at, const uint8_t* end) {
  for (uint64_t i = 0; i < 8; ++i) {
    const shoal::Status status = leader.step();
    if (status == shoal::Status::kStale) return;  // it was told so
    // The picture is there.
    if (shoal::failed(status)) std::abort();
    now += 1 + leader.next_timer_us() % 20'000'000;
    if (at == end) continue;
    const size_t most = *at++;
    const size_t said = std::min(most, static_cast<size_t>(end - at));
    Bytes datagram(at, at + said);
    at += said;
    leader.receive(1 + i % 2, datagram.data(), static_cast<uint32_t>(said));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t length = std::min(data[0] + size_t{256} * data[1], size - 2);
  const uint8_t* const rest = data + 2 + length;
  Bytes image(data + 2, rest);
  // The tables are what is looked at.
  shoal::LeaderPlan plan{};
  if (image.size() >= sizeof(shoal::LeaderHeader) + sizeof plan) {
    std::memcpy(&plan, image.data() + sizeof(shoal::LeaderHeader), sizeof plan);
  }
  static shoal_peer peers[shoal::kMaxPeers];
  for (uint32_t i = 0; i < shoal::kMaxPeers; ++i) {
    peers[i] = {};
    peers[i].address = i + 1;
  }
  const shoal_transport transport = {
      nullptr, 256, [](void*, uint64_t, const void*, uint32_t) { return 0; },
      nullptr, [](void*) { return now; }};
  static uint8_t packet[256];
  const shoal_link link = {
      &transport, peers, &shoal::checksum_only(), 7, packet, 0, 0};
  alignas(16) static uint8_t arena[32768];
  shoal::LeaderConfig c;
  c.read = read_image;
  c.user = &image;
  c.image_bytes = static_cast<uint32_t>(image.size());
  c.peers = plan.peers;
  c.max_peers = shoal::kMaxPeers;
  const uint8_t key[shoal::kKeyBytes] = {};
  c.calls.insecure = true;
  c.calls.key = key;
  c.link = &link;
  c.arena = arena;
  c.arena_bytes = sizeof arena;
  c.said = [](void*, const shoal::LeaderSaid& s) {
    if (std::memchr(s.name, 0, sizeof s.name) == nullptr) std::abort();
  };
  now = 1;
  shoal::LeaderProgram* const leader = shoal::make_leader(arena, sizeof arena);
  if (!leader || leader->open(c) != shoal::Status::kOk) return 0;
  talk(*leader, rest, data + size);
  return 0;
}
