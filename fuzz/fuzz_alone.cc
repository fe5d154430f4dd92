// Any bytes as what a computer sends a board that runs alone; see alone_talk.h.
#include <cstddef>
#include <cstdint>

#include "fuzz/alone_talk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1 << 14) return 0;
  shoal::test::AloneTalk::run(shoal::test::Bytes(data, data + size), nullptr);
  return 0;
}
