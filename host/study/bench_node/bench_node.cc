#include "host/study/bench_node/bench_node.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "boards/bench/handshake.h"
#include "host/base/error.h"
#include "host/engine/board/emulator.h"

namespace shoal {
namespace {

struct alignas(16) Memory {
  uint8_t bytes[kBenchMemory];
};

constexpr BenchClock kNoClock{[](void*) { return uint64_t{0}; }, nullptr, 0};

// The same rows and weights through this machine's kernels, the same chunk
// through its cipher.
uint32_t own_checksum(const BenchLayer& layer) {
  const auto memory = std::make_unique<Memory>();
  return measure_layer(layer, best_kernels(), kNoClock, memory->bytes).checksum;
}
uint32_t own_checksum(const BenchCipher& cipher) {
  const auto memory = std::make_unique<Memory>();
  return measure_cipher(cipher, kNoClock, memory->bytes).checksum;
}

void require_same(const std::string& board, const char* what, uint32_t theirs,
                  uint32_t own) {
  if (theirs == own) return;
  throw Error(Exit::kDiffers, board + ": another result for " + what +
                                  " than this machine has");
}

int border_rows_of(const BenchLayer& l) {
  if (enlarges(l.kind)) return 0;
  const int top = front_padding(l, l.in_h, out_height(l));
  int rows = 0;
  for (int y = 0; y < out_height(l); ++y) {
    const int first = y * l.stride - top;
    if (first < 0 || first + l.kernel > l.in_h) ++rows;
  }
  return rows;
}

std::optional<double> per_mac(const BenchLayer& l, const CountedRows& c) {
  if (c.rows == 0) return std::nullopt;
  return static_cast<double>(c.instructions) /
         static_cast<double>(c.rows * macs_per_row(l));
}

}  // namespace

BenchLine bench_line(const BenchLayer& layer, const CountedLayer& counted,
                     const QuotedKernels& quoted, const std::string& core) {
  BenchLine line;
  line.layer = &layer;
  line.rows = counted.interior.rows + counted.border.rows;
  line.border_rows = counted.border.rows;
  line.interior = per_mac(layer, counted.interior);
  line.border = per_mac(layer, counted.border);
  line.band = per_mac(layer, counted.band);
  const double border = border_rows_of(layer);
  const double interior = out_height(layer) - border;
  line.all = (interior * line.interior.value_or(0) +
              border * line.border.value_or(0)) /
             (interior + border);
  line.quoted = quoted.per_mac(layer.name, core);
  return line;
}

namespace {

// Returns the table of bench.elf, or of another core's.
BenchTable measured(const BenchNodeOptions& options, const char* file,
                    const QuotedKernels& quoted) {
  const Board& board = *options.board;
  if (!board.emulator) {
    std::string known;
    for (const std::string& id : board_ids()) {
      if (find_board(id).emulator) known += (known.empty() ? "" : ", ") + id;
    }
    throw Error(Exit::kUsage, "board " + board.name + " has no emulator here",
                "use --board with one of: " + known);
  }
  BenchListener listener(board, std::ldexp(1e-9, board.emulator->icount_shift));
  // The board's own storage stays empty.
  run_to_end({board, options.firmware, file, {"bench"}, {}, options.seconds},
             listener);
  BenchTable table;
  table.board = board.name, table.core = board.core;
  table.kernels = listener.kernels();
  for (size_t i = 0; i < listener.layers().size(); ++i) {
    const BenchLayer& layer = kBenchLayers[i];
    const CountedLayer& counted = listener.layers()[i];
    require_same(board.name, layer.name, counted.checksum, own_checksum(layer));
    table.lines.push_back(bench_line(layer, counted, quoted, board.core));
  }
  for (size_t i = 0; i < listener.ciphers().size(); ++i) {
    const BenchCipher& cipher = kBenchCiphers[i];
    const CountedCipher& counted = listener.ciphers()[i];
    require_same(board.name, cipher.name, counted.checksum,
                 own_checksum(cipher));
    table.ciphers.push_back(
        {&cipher, static_cast<double>(counted.instructions) / cipher.bytes});
  }
  const CountedHandshake& h = *listener.handshake();
  require_same(board.name, "a handshake", h.checksum,
               measure_handshake(x25519_mbedtls(), kNoClock).checksum);
  table.handshake = {static_cast<double>(h.instructions), h.stack_bytes};
  return table;
}

}  // namespace

void estimate_cycles(const CycleEstimates& estimates, const std::string& core,
                     BenchTable& table) {
  const auto source = estimates.sources.find(core);
  if (source == estimates.sources.end()) return;
  table.timed = core, table.timings = source->second;
  for (BenchLine& line : table.lines) {
    if (const auto ratio = estimates.of(line.layer->name, core)) {
      line.cycles = line.all * *ratio;
    }
  }
}

BenchTable bench_node(const BenchNodeOptions& options,
                      const QuotedKernels& quoted) {
  const CycleEstimates estimates = parse_estimates(estimates_file());
  if (options.core.empty()) {
    BenchTable table = measured(options, "bench.elf", quoted);
    estimate_cycles(estimates, options.board->core, table);
    return table;
  }
  const std::string file = "bench-" + options.core + ".elf";
  const std::string& name = options.board->name;
  if (!std::filesystem::exists(options.firmware / name / file)) {
    throw Error(
        Exit::kUsage, "board " + name + " has no kernels for " + options.core,
        "use --board mps2-an385 --core cortex-m0plus, or leave out --core");
  }
  const BenchTable own = measured(options, "bench.elf", quoted);
  BenchTable table = measured(options, file.c_str(), quoted);
  table.core = options.core + " code on a " + own.core;
  table.beside =
      own.kernels + " kernels for the " + own.core + ", counted, too";
  for (size_t i = 0; i < table.lines.size(); ++i) {
    table.lines[i].quoted = own.lines.at(i).all;
  }
  estimate_cycles(estimates,
                  options.core == "cortex-m0plus" ? "Cortex-M0+" : "", table);
  return table;
}

const char* bench_kind_name(BenchKind kind) {
  switch (kind) {
    case BenchKind::kPointwise:
      return "pointwise";
    case BenchKind::kConv:
      return "3x3";
    case BenchKind::kDepthwise:
      return "depthwise";
    case BenchKind::kFullyConnected:
      return "fully connected";
    case BenchKind::kAdd:
      return "add";
    case BenchKind::kMul:
      return "mul";
    case BenchKind::kTable:
      return "table";
    case BenchKind::kSoftmax:
      return "softmax";
    case BenchKind::kAveragePool:
      return "average pool";
    case BenchKind::kMaxPool:
      return "max pool";
    case BenchKind::kMean:
      return "mean";
    case BenchKind::kNearest:
      return "nearest";
    case BenchKind::kBilinear:
      return "bilinear";
    case BenchKind::kTransposed:
      return "transposed";
  }
  return "?";
}

}  // namespace shoal
