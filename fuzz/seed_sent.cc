// Writes the seed corpus of fuzz_sent into the directory given: the sample
// programs, each of which a board takes that was exported with the one before.
#include <cstring>
#include <fstream>
#include <iostream>

#include "fuzz/sent_board.h"

namespace {

using shoal::SentHead;
using shoal::test::Bytes;
using shoal::test::SentBoard;

void put(Bytes& to, const void* from, size_t bytes) {
  const auto* const at = static_cast<const uint8_t*>(from);
  to.insert(to.end(), at, at + bytes);
}

// The head has what a board checks by the opened program.
Bytes input_of(shoal::test::AlignedBytes& image, uint8_t number,
               uint8_t options) {
  const char texts[] = "a text and labels";
  SentHead head{};
  std::memcpy(head.name, "sent", 4);
  head.description_bytes = 7;
  head.label_bytes = static_cast<uint32_t>(sizeof texts) - 7;
  shoal::Header h;
  std::memcpy(&h, image.data(), sizeof h);
  head.arena_bytes = h.arena_bytes;
  head.inputs = h.inputs;
  head.outputs = h.outputs;
  Bytes input = {number, options, 199, 3};
  put(input, &head, sizeof head);
  put(input, image.data(), image.size());
  put(input, texts, sizeof texts);
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: seed_sent DIR\n";
    return 2;
  }
  const auto& images = SentBoard::images();
  int taken = 0;
  for (uint8_t i = 0; i < images.size(); ++i) {
    const uint8_t options = SentBoard::kHeadRight | SentBoard::kImageRight |
                            (i % 2 ? SentBoard::kPowerGoes : 0) |
                            (i % 3 == 1 ? SentBoard::kSealed : 0) |
                            (i % 9 == 4 ? SentBoard::kSealBroken : 0);
    const Bytes input = input_of(*images[(i + 1u) % images.size()], i, options);
    if (input.size() > 1 << 12) continue;
    taken += SentBoard::run(input).is_good() ? 1 : 0;
    std::ofstream out(std::string(argv[1]) + "/program" + std::to_string(i),
                      std::ios::binary);
    out.write(reinterpret_cast<const char*>(input.data()),
              static_cast<std::streamsize>(input.size()));
    if (!out) return 1;
  }
  std::cout << taken << " of " << images.size() << " are taken\n";
  return taken > 0 ? 0 : 1;
}
