// A real coordinator and real nodes, and somebody between them who does what
// the input says: see host/engine/coordinator/testing/meddler.h. The output is
// exact, or there is an Error in time.
#include <cstdio>

#include "host/engine/coordinator/testing/meddler.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const shoal::MeddledRun run = shoal::run_meddled({data, data + size});
  if (run.fault.empty()) return 0;
  std::fprintf(stderr, "%s\n", run.fault.c_str());
  __builtin_trap();
}
