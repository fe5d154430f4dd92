#include "host/board/wide_costs.h"

namespace shoal {
namespace {

// These were measured on mps2-an385, mps2-an386, mps3-an547 and qemu-rv32.
constexpr WideCosts kPortable{.conv = 1,
                              .pointwise = 1.32,
                              .depthwise = 1.1,
                              .fully_connected = 1.05,
                              .transposed = 1.26,
                              .matmul = 1.67,
                              .state = 1.82,
                              .arithmetic = 1.72,
                              .other = 1};
constexpr WideCosts kDsp{.conv = 1.35,
                         .pointwise = 1.17,
                         .depthwise = 1,
                         .fully_connected = 1.4,
                         .transposed = 1.25,
                         .matmul = 3.06,
                         .state = 2.03,
                         .arithmetic = 2.27,
                         .other = 1};
constexpr WideCosts kHelium{.conv = 2.15,
                            .pointwise = 2.29,
                            .depthwise = 2.3,
                            .fully_connected = 2.6,
                            .transposed = 1.28,
                            .matmul = 13.8,
                            .state = 1.45,
                            .arithmetic = 10.9,
                            .other = 1};
constexpr WideCosts kRiscv{.conv = 1.05,
                           .pointwise = 1.4,
                           .depthwise = 1,
                           .fully_connected = 1.05,
                           .transposed = 1.35,
                           .matmul = 3.2,
                           .state = 2.41,
                           .arithmetic = 1.47,
                           .other = 1};
constexpr WideCosts kUnknown{};

}  // namespace

const WideCosts& wide_costs(const std::string& core) {
  const auto is = [&core](const char* name) { return core == name; };
  if (is("Cortex-M55")) return kHelium;
  if (is("Cortex-M4") || is("Cortex-M7") || is("Cortex-M33")) return kDsp;
  if (is("Cortex-M0+") || is("Cortex-M3") || is("Xtensa LX7")) {
    return kPortable;
  }
  return core.starts_with("RV32") ? kRiscv : kUnknown;
}

double wide_factor(const std::string& core, OpCode op, int64_t pixels,
                   int64_t taps) {
  const WideCosts& c = wide_costs(core);
  switch (op) {
    case OpCode::kConv:
      if (pixels == 1) return c.fully_connected;
      return taps == 1 ? c.pointwise : c.conv;
    case OpCode::kDepthwise:
      return c.depthwise;
    case OpCode::kTransposeConv:
      return c.transposed;
    case OpCode::kMatmul:
      return c.matmul;
    case OpCode::kLstm:
    case OpCode::kCell:
      return c.state;
    case OpCode::kAdd:
    case OpCode::kMul:
    case OpCode::kDivide:
    case OpCode::kSquaredDifference:
      return c.arithmetic;
    default:
      return c.other;
  }
}

}  // namespace shoal
