// Any bytes as a program that a computer sends a board that runs alone; see
// sent_board.h.
#include <cstddef>
#include <cstdint>

#include "fuzz/sent_board.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1 << 14) return 0;
  shoal::test::SentBoard::run(shoal::test::Bytes(data, data + size));
  return 0;
}
