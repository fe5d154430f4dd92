// Writes the seed corpus of fuzz_alone into the directory given: whole talks
// with each sample.
#include <fstream>
#include <iostream>
#include <string>

#include "fuzz/alone_talk.h"

namespace {

using shoal::test::Bytes;
namespace alone = shoal::alone;

Bytes message(alone::MessageType type, size_t bytes) {
  Bytes m(alone::Head::kBytes + bytes);
  alone::Head{type, 1, 1}.put(m.data());
  return m;
}

// A computer that gives zeros. It announces the bytes that the board asks for.
Bytes answer(const uint8_t* from, uint32_t bytes) {
  const auto type = static_cast<alone::MessageType>(from[0]);
  const uint8_t* const body = from + alone::Head::kBytes;
  if (type == alone::MessageType::kBoard) {
    Bytes m = message(alone::MessageType::kFrame,
                      alone::kFrameBytes - alone::Head::kBytes);
    std::memcpy(m.data() + alone::kFrameBytes - 4, body + alone::kProgramBytes,
                4);
    return m;
  }
  if (type == alone::MessageType::kWant) {
    const uint32_t most = shoal::kSerialPayload - alone::kPieceAt;
    const uint32_t want = alone::get32(body + alone::Piece::kBytes);
    Bytes m = message(alone::MessageType::kInput,
                      alone::Piece::kBytes + std::min(most, want));
    std::memcpy(m.data() + alone::Head::kBytes, body, alone::Piece::kBytes);
    return m;
  }
  if (type == alone::MessageType::kOutput) {
    Bytes m = message(alone::MessageType::kTaken, alone::Piece::kBytes);
    const alone::Piece piece = alone::Piece::get(body);
    alone::Piece{piece.stream, 0, piece.offset + bytes - alone::kPieceAt}.put(
        m.data() + alone::Head::kBytes);
    return m;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: seed_alone DIR\n";
    return 2;
  }
  for (uint8_t number = 0; number < 12; ++number) {
    Bytes talk = {number};
    for (const auto type :
         {alone::MessageType::kRead, alone::MessageType::kTest,
          alone::MessageType::kAskTimes, alone::MessageType::kHello}) {
      const Bytes m = message(type, alone::Piece::kBytes);
      talk.push_back(static_cast<uint8_t>(m.size()));
      talk.insert(talk.end(), m.begin(), m.end());
    }
    talk = shoal::test::AloneTalk::run(talk, answer);
    if (talk.size() > 1 << 12) continue;
    std::ofstream out(std::string(argv[1]) + "/talk" + std::to_string(number),
                      std::ios::binary);
    out.write(reinterpret_cast<const char*>(talk.data()),
              static_cast<std::streamsize>(talk.size()));
    if (!out) return 1;
  }
}
