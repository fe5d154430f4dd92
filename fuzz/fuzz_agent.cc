// Takes any bytes as datagrams that a stranger sends to a whole node, agent and
// runtime; see hostile_talk.h.
#include <cstddef>
#include <cstdint>

#include "device/agent/testing/hostile_talk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  shoal::test::try_talk(shoal::test::Bytes(data, data + size));
  return 0;
}
