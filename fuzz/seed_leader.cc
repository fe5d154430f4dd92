// Writes the seed corpus of fuzz_leader: seed_leader DIR.
#include <cstdint>
#include <string>

#include "device/agent/testing/small_leader.h"
#include "host/base/files.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const uint32_t every_ms : {0u, 10u}) {
    shoal::Bytes image = shoal::small_leader_image(every_ms, every_ms == 0);
    const auto bytes = static_cast<uint16_t>(image.size());
    image.insert(image.begin(), {static_cast<uint8_t>(bytes),
                                 static_cast<uint8_t>(bytes >> 8)});
    image.insert(image.end(), {5, 0, 0, 0, 1, 0});
    shoal::write_file(
        std::string(argv[1]) + "/every" + std::to_string(every_ms), image);
  }
}
