// Any bytes as what a node's peers send it; see hostile_session.h.
#include <cstddef>
#include <cstdint>

#include "device/runtime/testing/hostile_session.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  shoal::test::try_session(shoal::test::Bytes(data, data + size));
  return 0;
}
