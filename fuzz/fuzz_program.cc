// Any bytes as a program image. The first byte chooses: bit 0 mapped or in
// storage, bit 1 whether tags and hash are put right first, so that what is
// tried are the structural checks and the runtime behind them.
#include <cstddef>
#include <cstdint>

#include "device/program/testing/seal_image.h"
#include "device/runtime/testing/sample_programs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shoal::test;
  if (size < 1 || size > 1 << 16) return 0;
  AlignedBytes image(Bytes(data + 1, data + size));
  if (data[0] & 2) shoal::seal_image(image.data(), image.size());
  try_image(image.bytes(), data[0] & 1);
  return 0;
}
