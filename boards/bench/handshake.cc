#include "boards/bench/handshake.h"

#include <cstring>

#include "device/agent/noise.h"
#include "device/agent/session_wire.h"
#include "device/port/console.h"

namespace shoal {
namespace {

constexpr uint8_t kPrologue[kPrologueBytes] = {1, 2, 3};

struct Side {
  uint8_t secret[kDhBytes], drawn[kDhBytes], open[kDhBytes];
  Identity identity;
};

bool make_sides(const DiffieHellman& dh, Side (&sides)[2]) {
  for (int i = 0; i < 2; ++i) {
    std::memset(sides[i].secret, 17 + i, kDhBytes);
    std::memset(sides[i].drawn, 71 + i, kDhBytes);
    if (dh.public_key(sides[i].secret, sides[i].open) != 0) return false;
  }
  return make_identity(dh, sides[0].secret, sides[1].open, sides[0].identity) &&
         make_identity(dh, sides[1].secret, sides[0].open, sides[1].identity);
}

}  // namespace

BenchHandshakeResult measure_handshake(const DiffieHellman& dh,
                                       const BenchClock& clock) {
  BenchHandshakeResult r{};
  Side sides[2];
  KeyHello hello{}, answer{};
  HelloBody body{};
  auto* const said = reinterpret_cast<uint8_t*>(&body);
  if (!make_sides(dh, sides)) return r;
  {
    NoiseKk coordinator(dh, sides[0].identity, true, kPrologue,
                        sizeof kPrologue);
    if (!coordinator.write_first(sides[0].drawn, said, sizeof body,
                                 hello.key)) {
      return r;
    }
  }
  uint8_t keys[2][kDhBytes];
  const uint64_t begin = clock.ticks(clock.user);
  NoiseKk node(dh, sides[1].identity, false, kPrologue, sizeof kPrologue);
  const bool done =
      node.read_first(hello.key, said, sizeof body) &&
      node.write_second(sides[1].drawn, said, sizeof body, answer.key);
  node.split(keys[0], keys[1]);
  const uint64_t spent = clock.ticks(clock.user) - begin;
  r.ticks = spent > clock.empty ? spent - clock.empty : 0;
  if (!done) return r;
  r.checksum = crc32_add(0, answer.key, sizeof answer.key);
  r.checksum = crc32_add(r.checksum, answer.sealed, sizeof answer.sealed);
  r.checksum = crc32_add(r.checksum, keys[0], sizeof keys);
  return r;
}

}  // namespace shoal
