// Reads what other ranks send. The input's first byte modulo 3 selects the
// kind:
//
//   0 a message     1 what was seen of tensors     2 patches of layers
//
// What is taken is written again as the same bytes, and what was seen adds up
// with itself.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/ranks_graph.h"
#include "host/base/error.h"
#include "host/base/ranks/message.h"
#include "host/quantize/observed_bytes.h"

namespace {

using namespace shoal;

void expect(bool ok) {
  if (!ok) __builtin_trap();
}

void try_values(const Graph& graph, const std::vector<uint8_t>& bytes) {
  Observations o = parse_values(graph, bytes);
  expect(format_values(o) == bytes);
  for (Histogram& h : o.seen) {
    const Histogram same = h;
    h.add(same);
    expect(h.count() == 2 * same.count());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Graph graph = ranks_graph();
  if (size == 0) return 0;
  const std::vector<uint8_t> bytes(data + 1, data + size);
  try {
    if (data[0] % 3 == 0) {
      const std::optional<Message> message = parse_message(bytes);
      expect(!message || format_message(*message) == bytes);
    } else if (data[0] % 3 == 1) {
      try_values(graph, bytes);
    } else {
      expect(format_patches(parse_patches(graph, bytes)) == bytes);
    }
  } catch (const Error& error) {
    expect(error.code() == Exit::kCorrupt);
  }
  return 0;
}
