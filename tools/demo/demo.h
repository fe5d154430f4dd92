// The results that demo.sh shows as text and as a page, read from the JSON that
// shoal printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/data/image/picture.h"

namespace shoal {

// One way to run MobileNetV2: in how much memory, and how fast.
struct Way {
  std::string name;
  int64_t bytes = 0;     // of the fullest node
  double latency_s = 0;  // modelled; 0: no board has that memory
  bool exact = false;    // the output had the plain interpreter's bytes
};

struct Shown {
  std::string truth, answer;
  std::vector<uint8_t> file;
  Picture picture;
  double probability = 0;  // of the answer
  bool same = false;       // the bytes of one node
  bool right() const { return answer == truth; }
};

// Memory of something, in bytes.
struct Bar {
  std::string name;
  int64_t bytes = 0;
  bool whole = false;  // whole tensors
};

// Consecutive layers, and the nodes that compute them.
struct SegmentWork {
  int first_layer = 0, last_layer = 0;
  std::string cut;
  std::vector<double> shares;  // by node, of the segment's work; their sum is 1
};

struct Demo {
  std::vector<Way> ways;  // of MobileNetV2
  std::string model;      // of the pictures
  std::vector<Shown> pictures;
  std::vector<Bar> bars;
  std::vector<SegmentWork> segments;
  std::vector<std::string> nodes;
  int64_t macs = 0, flash = 0;
  int64_t right() const;
  int64_t same() const;
  int64_t widest() const;  // bytes of the longest bar
  bool all_exact() const;
};

// `folder` holds what `shoal ... --json` said; see show_demo.cc.
Demo read_demo(const std::string& folder,
               const std::vector<std::string>& pictures);

// Returns one HTML page that needs nothing else.
std::string demo_page(const Demo&);

}  // namespace shoal
