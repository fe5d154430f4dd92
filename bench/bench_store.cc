// Measures what reading a store's file costs a run on this computer: the same
// plan with the store's bytes already in memory, frame by frame in turn.
//
//   shoal build zoo:vgg16 --ram 512K --flash 0 --store DIR [--no-encrypt]
//   bench_store DIR [FRAMES]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/workers/key_file.h"
#include "host/program/store/open_store.h"

namespace shoal {
namespace {

// A request has ended when it is first polled.
class MemoryStorage final : public HostStorage {
 public:
  explicit MemoryStorage(std::vector<uint8_t> bytes)
      : bytes_(std::move(bytes)), storage_{this, &read, &poll, 0, 0} {}
  const shoal_storage& storage() const override { return storage_; }
  uint32_t bytes() const override {
    return static_cast<uint32_t>(bytes_.size());
  }
  bool busy() const override { return busy_; }
  void wait() override {}

 private:
  static int read(void* self, uint32_t offset, uint32_t count, void* to) {
    MemoryStorage& s = *static_cast<MemoryStorage*>(self);
    if (s.busy_ || uint64_t{offset} + count > s.bytes_.size()) return 1;
    std::copy_n(s.bytes_.begin() + offset, count, static_cast<uint8_t*>(to));
    s.busy_ = true;
    return 0;
  }
  static int poll(void* self) {
    static_cast<MemoryStorage*>(self)->busy_ = false;
    return 1;
  }

  const std::vector<uint8_t> bytes_;
  const shoal_storage storage_;
  bool busy_ = false;
};

double run_s(NodeRunner& runner, const std::vector<uint8_t>& input,
             std::vector<uint8_t>& output) {
  const auto start = std::chrono::steady_clock::now();
  output = runner.run(input);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

void compare(const std::string& folder, int frames) {
  const std::string key_file = folder + ".key";
  std::optional<SharedKey> key;
  if (std::filesystem::exists(key_file)) key = read_key_file(key_file);
  const StoreInfo info = read_store_info(folder, key);
  const OpenStore store(folder, info, 0, key);
  std::vector<uint8_t> bytes =
      read_file(folder + "/" + info.nodes[0].file + ".store");
  bytes.erase(bytes.begin(), bytes.begin() + store.directory().program);
  MemoryStorage memory(std::move(bytes));
  NodeSource in_memory = store.source();
  in_memory.storage = &memory;
  const uint32_t arena = store.node().arena_bytes;
  NodeRunner from_file(info.graph, info.net, store.source(), arena);
  NodeRunner from_memory(info.graph, info.net, in_memory, arena);
  std::vector<uint8_t> input(static_cast<size_t>(input_bytes(info.graph)));
  std::mt19937 random(1);
  for (uint8_t& b : input) b = static_cast<uint8_t>(random());
  double file = 1e9, ram = 1e9;
  std::vector<uint8_t> a, b;
  for (int f = 0; f < frames; ++f) {
    file = std::min(file, run_s(from_file, input, a));
    ram = std::min(ram, run_s(from_memory, input, b));
    if (a != b) throw Error(Exit::kDiffers, "the outputs differ");
  }
  std::printf("%s, %s: file %.1f ms, memory %.1f ms, %.3f times\n",
              info.graph.name.c_str(), key ? "sealed" : "not sealed",
              file * 1e3, ram * 1e3, file / ram);
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "bench_store DIR [FRAMES]\n");
    return 2;
  }
  try {
    shoal::compare(argv[1], argc > 2 ? std::atoi(argv[2]) : 3);
  } catch (const shoal::Error& e) {
    std::fprintf(stderr, "bench_store: %s\n", e.what());
    return static_cast<int>(e.code());
  }
}
