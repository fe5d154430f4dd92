// Writes the seed corpus of fuzz_text: seed_text DIR.
#include <cstdio>
#include <string>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/engine/common/testing/small_model.h"
#include "host/oracle/golden/checksum.h"
#include "host/oracle/golden/trace.h"

namespace {

using namespace shoal;

constexpr const char* kCluster = R"([defaults]
board = "teensy41"
ram = "128K"
link.mbit_per_s = 10

[[node]]
name = "left"
address = "192.168.1.11:7000"
cost.firing_us = 2.5
cycles.conv = 1.5

[[node]]
name = "right"
address = "192.168.1.12:7000"
clock_mhz = 300
ram = 65536
flash = "1M"
storage = "sd-4bit"
rating = 12.5
)";
constexpr const char* kGrid = R"([default]
outputs = true

[[block]]
layers = "0-1"
rows = 2
columns = 1
nodes = [2, "node0"]
weights = [1, 2.5]
joined = true
end = true
)";
constexpr const char* kOthers = R"([default]
strategy = "spatial"

[[block]]
layers = ["first", 1]
inputs = 2
band = 2

[[block]]
layers = "sum"
node = "node1"
)";

std::string journal() {
  std::string text = "shoal evaluate 2 key\n";
  for (const std::string line : {"0 77 6 5 4 3 2", "19 8 0 1 2 3 4"}) {
    const auto* const at = reinterpret_cast<const uint8_t*>(line.data());
    text += line + " " + crc32_hex({at, line.size()}) + "\n";
  }
  return text;
}

std::string trace() {
  const Graph graph = small_graph();
  const Values values = run_oracle(graph, noise_bytes(kSmallInput, 1));
  return format_trace(make_trace(graph, [&](int tensor) {
    return file_bytes(graph, tensor, values[static_cast<size_t>(tensor)]);
  }));
}

constexpr const char* kCache =
    R"({"build":"build","setting":"vgg16","point":{"error":"","arena":1,)"
    R"("image":2,"seconds":0.5,"macs":3,"active":0.1,"read":4,"written":0,)"
    R"("years":0,"planned":0.5,"waits":0,"equal":true,"stages":[["a",false,)"
    R"(0.1,0.2,0.3,0.4,5,6,1]],"layers":[["a",5,6,0.1,true]]}})";

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_text DIR\n");
    return 2;
  }
  const auto write = [&](const char* name, char kind, const std::string& text) {
    write_file(std::string(argv[1]) + "/" + name, kind + text);
  };
  try {
    write("labels", 0, "cat\ndog\r\n\nno end");
    write("key", 1, std::string(60, 'a') + "0F9f\n");
    write("cluster", 2, kCluster);
    write("grid", 3, kGrid);
    write("others", 3, kOthers);
    write("journal", 4, journal());
    write("journal_checked", static_cast<char>(4 + 128), journal() + "3 1 ");
    write("trace", 5, trace());
    write("cache", 6, kCache + std::string("\n{\"build\":\n"));
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
