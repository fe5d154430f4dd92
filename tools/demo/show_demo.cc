// Shows what demo.sh found, as text and as one HTML page that needs nothing
// else:
//   show_demo FOLDER PAGE.html PICTURE...
// FOLDER holds what `shoal ... --json` said. Of MobileNetV2: mobilenet.json
// (inspect), board.json and boards.json (simulate). Of the pictures' network:
// inspect.json, plan.json (of the nodes), single.json (the plan for one node),
// many.json and one.json (results of the pictures, whose folders are named
// after their classes, with the scores of all classes).
// Ends with 1 if some bytes were not those of one node or of the interpreter.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "tools/demo/demo.h"

namespace shoal {
namespace {

constexpr int kWide = 18, kTall = 9, kPerLine = 4;  // pictures of letters
constexpr int kBar = 44;                            // letters

void print_ways(const Demo& d) {
  fmt::print(
      "\nMobileNetV2 at 224x224 on Teensy 4.1 boards, whose times are modelled "
      "(600 MHz,\nEthernet of 100 Mbit/s):\n\n"
      "  {:<24}{:>20}   {}\n",
      "", "memory for tensors", "time of a picture");
  for (const Way& way : d.ways) {
    fmt::print("  {:<24}{:>18} B   {}\n", way.name, format_count(way.bytes),
               way.latency_s == 0 ? "no board of 512 KB can"
                                  : format_time(way.latency_s));
  }
  fmt::print("\n{}\n\n",
             d.all_exact()
                 ? "All outputs have exactly the bytes of a plain interpreter."
                 : "Some output has other bytes than a plain interpreter!");
}

// The segment's work as letters: the digit of a node for its share.
std::string line_of(const SegmentWork& work) {
  std::string line;
  double until = 0;
  for (size_t n = 0; n < work.shares.size(); ++n) {
    until += work.shares[n];
    const auto end = static_cast<size_t>(std::lround(until * kBar));
    line.resize(std::max(line.size(), end), static_cast<char>('0' + n % 10));
  }
  return line;
}

void print_work(const Demo& d) {
  fmt::print(
      "{} on {} processes. Who computes what: a line is a\nrun of layers, a "
      "digit the node that does that part of its work.\n\n",
      d.model, d.nodes.size());
  for (const SegmentWork& work : d.segments) {
    fmt::print("  layers {:>2}-{:<2}  {:<12}  {}\n", work.first_layer,
               work.last_layer, work.cut, line_of(work));
  }
  fmt::print("\n");
}

// One line of a picture's letters, from dark to light.
std::string letters(const Picture& small, int y) {
  static constexpr std::string_view kRamp = " .:-=+*#%@";
  std::string line;
  for (int x = 0; x < kWide; ++x) {
    const uint8_t value = small.rgb[static_cast<size_t>(y * kWide + x) * 3];
    line += kRamp[value * kRamp.size() / 256];
  }
  return line;
}

std::string caption(const Shown& p) {
  if (!p.right()) return p.answer + ", is " + p.truth;
  return fmt::format("{} {:.1f} %", p.answer, 100 * p.probability);
}

void print_pictures(const Demo& d) {
  for (size_t first = 0; first < d.pictures.size(); first += kPerLine) {
    const size_t end = std::min(first + kPerLine, d.pictures.size());
    for (int y = 0; y < kTall; ++y) {
      for (size_t i = first; i < end; ++i) {
        fmt::print("{}  ",
                   letters(resize(d.pictures[i].picture, kWide, kTall), y));
      }
      fmt::print("\n");
    }
    for (size_t i = first; i < end; ++i) {
      fmt::print("{:<{}}", caption(d.pictures[i]), kWide + 2);
    }
    fmt::print("\n\n");
  }
}

void print_memory(const Demo& d) {
  fmt::print("The arena, all the RAM that a node needs:\n");
  for (const Bar& bar : d.bars) {
    const auto length = std::max<int64_t>(1, kBar * bar.bytes / d.widest());
    fmt::print("  {:<14} {:>9}  {}\n", bar.name,
               fmt::format("{:.1f} KB", static_cast<double>(bar.bytes) / 1024),
               std::string(static_cast<size_t>(length), '#'));
  }
  fmt::print(
      "(\"whole tensors\" is the input and output of the largest layer, the "
      "least that\nengines need which keep whole tensors.)\n\n"
      "{} of {} pictures labelled right; {} with the bytes that one node "
      "gives.\n",
      d.right(), d.pictures.size(), d.same());
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: show_demo FOLDER PAGE.html PICTURE...\n");
    return 2;
  }
  try {
    const shoal::Demo demo = shoal::read_demo(argv[1], {argv + 3, argv + argc});
    shoal::print_ways(demo);
    shoal::print_work(demo);
    shoal::print_pictures(demo);
    shoal::print_memory(demo);
    shoal::write_file(argv[2], shoal::demo_page(demo));
    const bool exact = demo.same() == std::ssize(demo.pictures);
    return exact && demo.all_exact() ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "show_demo: %s\n", e.what());
    return 2;
  }
}
