// `shoal bench-node`: what a board's kernels take, in instructions, on the
// layers of boards/bench/layers.h, beside the quoted figures.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/study/bench_node/bench_listener.h"
#include "host/study/bench_node/estimates.h"
#include "host/study/bench_node/quoted.h"

namespace shoal {

struct BenchNodeOptions {
  const Board* board = nullptr;  // required, with an emulator
  // Another core, whose code the board's runs, too; empty: the board's.
  std::string core;
  std::filesystem::path firmware;  // firmware_folder()
  int seconds = 300;               // that the run may take
};

// Instructions per multiply-accumulate. Without such rows: none.
struct BenchLine {
  const BenchLayer* layer = nullptr;
  int rows = 0, border_rows = 0;  // measured
  std::optional<double> interior, border;
  std::optional<double> band;    // the first rows in one call
  double all = 0;                // of the whole layer, from the two
  std::optional<double> cycles;  // of the whole layer, estimated
  std::optional<double> quoted;  // of the whole layer, quoted
};

// Opening a chunk from a store: instructions per byte.
struct BenchCipherLine {
  const BenchCipher* cipher = nullptr;
  double per_byte = 0;
};

// The cost of a handshake with identities for a node.
struct BenchHandshake {
  double instructions = 0;
  int stack_bytes = 0;  // that the whole measurement has used at most
};

struct BenchTable {
  std::string board, core, kernels;
  // The source of the figures beside: empty: quoted; else what was counted,
  // too.
  std::string beside;
  // Whose cycles are estimated, and from what; empty: nobody's.
  std::string timed, timings;
  std::vector<BenchLine> lines;
  std::vector<BenchCipherLine> ciphers;
  BenchHandshake handshake;
};

// Boots the measuring firmware. Throws Error(kInternal) if firmware or emulator
// are not there, Error(kNode) if the board faults, does not end or talks
// nonsense, Error(kDiffers) if its results are not those of this machine's
// kernels.
BenchTable bench_node(const BenchNodeOptions&, const QuotedKernels&);

// All layers of MobileNetV2 1.0 at 224x224 and its additions, instructions per
// multiply-accumulate. None: a layer that stands for others is missing.
struct BenchWhole {
  double per_mac = 0;
  std::optional<double> cycles, quoted;
};
std::optional<BenchWhole> whole_network(const BenchTable&);

// The lines of what was counted; part of bench_node().
BenchLine bench_line(const BenchLayer&, const CountedLayer&,
                     const QuotedKernels&, const std::string& core);

// Fills in the cycles of all lines.
void estimate_cycles(const CycleEstimates&, const std::string& core,
                     BenchTable&);

// "pointwise", ...
const char* bench_kind_name(BenchKind);

std::string format_bench(const BenchTable&, const QuotedKernels&);
std::string bench_json(const BenchTable&, const QuotedKernels&);

}  // namespace shoal
