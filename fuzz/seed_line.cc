// Writes the seed corpus of fuzz_line: seed_line DIR. The commands are
// explained there.
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"

namespace {

using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes raw(const Bytes& bytes) {
  return Bytes{0, static_cast<uint8_t>(bytes.size())} + bytes;
}
Bytes frame(const Bytes& bytes) {
  return Bytes{1, static_cast<uint8_t>(bytes.size())} + bytes;
}
Bytes poll(uint8_t station, uint8_t turn) { return {2, 0, station, turn}; }
Bytes end(uint8_t station, uint8_t turn) { return {2, 1, station, turn}; }
Bytes send(uint8_t time, uint8_t to, uint8_t bytes) {
  return {3, time, to, bytes};
}
constexpr uint8_t kCoordinator = 0, kStation = 5, kBridge = 32;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_line DIR\n");
    return 2;
  }
  const std::string folder = argv[1];
  try {
    // A datagram for the station, one for another, and two turns.
    shoal::write_file(folder + "/station",
                      Bytes{kStation} + frame({5, 0, 1, 2, 3}) +
                          frame({6, 0, 1}) + send(1, 0, 40) +
                          poll(kStation, 1) + send(9, 0, 120) +
                          send(0, 0, 120) + poll(kStation, 2) + poll(6, 3));
    // Noise, and a poll behind which another frame begins.
    shoal::write_file(folder + "/noise",
                      Bytes{kStation} + raw({0x7E, 0x7D, 0x7E, 1, 2}) +
                          send(1, 3, 9) + poll(kStation, 7) + raw({0x7E, 5}));
    // The coordinator's stations answer, or not.
    shoal::write_file(folder + "/coordinator",
                      Bytes{kCoordinator} + send(1, 1, 30) + send(250, 2, 30) +
                          frame({0, 1, 9, 9}) + end(1, 0) + send(250, 1, 200) +
                          end(2, 1) + send(250, 3, 1) + frame({0, 2, 7}) +
                          end(2, 2) + send(250, 9, 0));
    // Both ways over the bridge, and a frame that is too short.
    shoal::write_file(folder + "/bridge",
                      Bytes{kBridge} +
                          frame({0x24, 0x6F, 0x28, 0, 0, 1, 4, 5}) +
                          send(1, 0, 200) + frame({0x24, 0x6F, 0x28, 0, 0, 1}) +
                          send(1, 0, 1) + raw({0x7E, 0x7D}) + send(1, 0, 60));
  } catch (const shoal::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
