// Writes the seed corpus of fuzz_ranks: seed_ranks DIR.
#include <cstdio>
#include <string>

#include "fuzz/ranks_graph.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/ranks/message.h"
#include "host/quantize/observed_bytes.h"

namespace {

using namespace shoal;

void write(const std::string& path, uint8_t kind, std::vector<uint8_t> bytes) {
  bytes.insert(bytes.begin(), kind);
  write_file(path, bytes);
}

void write_all(const std::string& folder) {
  const Error error(Exit::kCorrupt, "frame 3: broken", "mend it");
  write(folder + "/ask", 0,
        format_message({.kind = MessageKind::kAsk, .numbers = {5}}));
  write(
      folder + "/result", 0,
      format_message(
          {.kind = MessageKind::kResult, .numbers = {7}, .bytes = {1, 2, 3}}));
  write(folder + "/failed", 0,
        format_message(
            {.kind = MessageKind::kFailed, .numbers = {8}, .error = error}));
  write(folder + "/items", 0,
        format_message({.kind = MessageKind::kItems, .numbers = {0, 3, 9}}));
  write(folder + "/bye", 0, format_message({.kind = MessageKind::kBye}));

  const Graph graph = ranks_graph();
  Observations o;
  o.seen.resize(graph.tensors.size());
  o.highest.resize(graph.tensors.size());
  const float tiny = 1e-37f;  // few bins
  for (const int t : graph.inputs) {
    o.seen[static_cast<size_t>(t)].add(
        std::vector<float>{tiny, 0, -3 * tiny, 2 * tiny});
    o.highest[static_cast<size_t>(t)].assign(2, 3 * tiny);
  }
  write(folder + "/values", 1, format_values(o));
  Patches patches;
  for (const Op& op : graph.ops) {
    if (has_patch(op)) patches.emplace_back(patch_size(graph, op), 0.5);
  }
  write(folder + "/patches", 2, format_patches(patches));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_ranks DIR\n");
    return 2;
  }
  try {
    write_all(argv[1]);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
