// Writes the seed corpus of fuzz_open_store: seed_open_store DIR.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "device/storage/directory.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/program/store/store_info.h"

namespace {

using namespace shoal;
using Bytes = std::vector<uint8_t>;

// A float input in another order of axes, an int8 and a uint8 output.
StoreInfo sample() {
  Tensor x, y;
  x.name = "x", x.shape = {1, 3, 5, 4};
  x.type = x.file_type = Type::kFloat32;
  y.name = "y", y.shape = {1, 7};
  y.quant = {{0.1f}, {-3}, 0};
  Graph g;
  g.name = "m.tflite";
  g.tensors = {x, y, y};
  g.tensors[2].file_type = Type::kUint8;
  Net net;
  net.inputs.resize(1), net.outputs.resize(2);
  NetIo& in = net.inputs[0];
  in.place.view.box = {0, 5, 0, 4, 0, 3};
  in.place.perm = {0, 2, 3, 1};
  in.conversion = Conversion::kQuantize;
  in.scale = 0.007f, in.zero = 5, in.file_tensor = 0;
  for (int i = 0; i < 2; ++i) {
    NetIo& out = net.outputs[static_cast<size_t>(i)];
    out.place.view.box = {0, 1, 0, 1, 0, 7};
    out.file_tensor = 1 + i;
  }
  net.outputs[1].conversion = Conversion::kFlip;
  net.layers.resize(1);
  net.layers[0].name = "conv";
  StoreInfo info;
  set_ends(info, g, net);
  info.labels = {"cat", "dog"};
  info.nodes.resize(1);
  StoredNode& n = info.nodes[0];
  n.name = "node0", n.board = "teensy41", n.storage = "sd-4bit";
  n.arena_bytes = 1000, n.stages = 3, n.store_bytes = 5000;
  n.hash = std::string(64, 'a'), n.store_id = std::string(32, '0');
  return info;
}

Bytes description(uint8_t flags) {
  StoreInfo info = sample();
  info.sealed = flags & 4;
  const std::string text = format_store_info(
      info, info.sealed ? std::optional(SharedKey{1, 2, 3}) : std::nullopt);
  Bytes bytes{flags};
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

Bytes store(uint8_t flags, bool spills) {
  const uint32_t block = spills ? 64 : 16;
  Header h{};
  h.head_bytes = sizeof h + kTagBytes, h.program_bytes = 256;
  h.image_bytes = 320, h.arena_bytes = 1000;
  Directory d{};
  d.program = (sizeof d + block - 1) / block * block;
  d.image_bytes = h.image_bytes;
  d.total_bytes = d.program + d.image_bytes;
  if (spills) {
    d.spill = d.total_bytes, d.spill_bytes = 4 * block;
    d.spill_erase_bytes = block, d.spill_write_bytes = 16;
    d.total_bytes += d.spill_bytes;
  }
  Bytes program(h.program_bytes), all{flags};
  std::memcpy(program.data(), &h, sizeof h);
  if (flags & 8) {
    all.push_back(static_cast<uint8_t>(program.size()));
    all.push_back(static_cast<uint8_t>(program.size() >> 8));
    all.insert(all.end(), program.begin(), program.end());
  }
  const size_t at = all.size();
  all.resize(at + d.total_bytes);
  std::memcpy(&all[at], &d, sizeof d);
  std::memcpy(&all[at + d.program], program.data(), program.size());
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  write_file(folder + "/plain", description(1 | 2));
  write_file(folder + "/sealed", description(1 | 2 | 4));
  write_file(folder + "/pieces", store(2, false));
  write_file(folder + "/mapped", store(2 | 8, false));
  write_file(folder + "/spill", store(2 | 4, true));
  return 0;
} catch (const shoal::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
