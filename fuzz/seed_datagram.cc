// Writes the seed corpus of fuzz_datagram: seed_datagram DIR. The commands are
// explained there.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "device/link/wire.h"
#include "host/base/error.h"
#include "host/base/files.h"

namespace {

using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes datagram(uint8_t peer, const Bytes& items, uint8_t flags = 0) {
  return Bytes{0, flags, peer, 1, static_cast<uint8_t>(items.size())} + items;
}
Bytes ack(uint32_t largest, uint32_t mask) {
  Bytes b(shoal::kAckBytes);
  shoal::ItemWriter(b.data(), b.data() + b.size()).ack(largest, mask);
  return b;
}
Bytes credit(uint16_t target, uint32_t limit) {
  Bytes b(shoal::kCreditBytes);
  shoal::ItemWriter(b.data(), b.data() + b.size()).credit(target, limit);
  return b;
}
Bytes fragment(uint16_t stream, uint32_t offset, uint16_t length) {
  Bytes b(shoal::kFragmentHeadBytes + length);
  uint8_t* to = shoal::ItemWriter(b.data(), b.data() + b.size())
                    .fragment(stream, offset, length);
  std::memset(to, 1, length);
  return b;
}
const Bytes kNoGaps = {0}, kGaps = {2}, kEarly = {5}, kEarlyAndGaps = {7};
const Bytes kSend = {6, 1, 1}, kLater = {6, 250, 1}, kNextStage = {7};
Bytes make(uint8_t target, uint8_t count) { return {4, target, count}; }
Bytes consume(uint8_t stream, uint8_t count) { return {5, stream, count}; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_datagram DIR\n");
    return 2;
  }
  const std::string folder = argv[1];
  try {
    // Fragments come, are consumed and answered, one of them early.
    const Bytes receive = kSend + datagram(0, fragment(0, 0, 100)) +
                          datagram(1, fragment(1, 0, 50) + fragment(1, 50, 9)) +
                          datagram(0, fragment(0, 150, 20)) + consume(0, 60) +
                          kSend + datagram(0, fragment(0, 90, 80)) + kLater;
    shoal::write_file(folder + "/receive", kNoGaps + receive);
    // The same where it is placed, and gaps that are filled from all sides.
    shoal::write_file(folder + "/gaps",
                      kGaps + receive + datagram(1, fragment(1, 100, 9)) +
                          datagram(1, fragment(1, 120, 9)) +
                          datagram(1, fragment(1, 140, 9)) + kSend +
                          datagram(1, fragment(1, 105, 30)) +
                          datagram(1, fragment(1, 70, 200)) +
                          datagram(1, fragment(1, 40, 40)) + consume(1, 99) +
                          kLater);
    // Rows go, some are acknowledged, others lost.
    shoal::write_file(
        folder + "/send",
        kNoGaps + datagram(0, credit(0, 250)) + datagram(1, credit(1, 99)) +
            make(0, 200) + make(1, 99) + kSend + datagram(0, ack(1, 3)) +
            kLater + make(0, 30) + kSend + datagram(0, ack(4, 8), 1) + kLater);
    // Early credit, another stage, a probe, something malformed.
    shoal::write_file(
        folder + "/stages",
        kGaps + datagram(1, credit(2, 300)) + kNextStage + make(0, 100) +
            kSend + datagram(1, fragment(2, 0, 100) + ack(0, 1)) +
            datagram(0, fragment(0, 0, 10)) + datagram(0, {}, 1) + kSend +
            kNextStage + datagram(1, fragment(1, 1000, 30) + Bytes{9}) +
            Bytes{3, 12, 4, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0});
    // Rows of the next stage, also behind a gap, which it goes on with; beyond
    // what may come.
    for (const bool gaps : {false, true}) {
      shoal::write_file(
          folder + (gaps ? "/early_gaps" : "/early"),
          (gaps ? kEarlyAndGaps : kEarly) + kSend +
              datagram(1, fragment(2, 0, 40)) +
              datagram(1, fragment(2, 60, 30)) +
              datagram(1, fragment(2, 90, 31)) + kSend + kNextStage +
              datagram(1, fragment(2, 20, 60) + fragment(2, 100, 50)) +
              consume(0, 70) + kLater + kNextStage +
              datagram(1, fragment(2, 1000, 9)) + kSend);
    }
    shoal::write_file(folder + "/blocked",
                      kNoGaps + make(0, 90) + kSend + kLater + kLater +
                          datagram(0, credit(0, 10)) + kSend +
                          datagram(0, ack(1, 2) + credit(0, 90)) + kSend);
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
