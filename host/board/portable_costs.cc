#include "host/board/portable_costs.h"

namespace shoal {
namespace {

// Products over those of FULLY_CONNECTED, and operations over elements of ADD.
struct StateCosts {
  double product = 1, operation = 1;
};

// The factors follow from the instructions that RNN, GRU and LSTM with 64 units
// and 64 or 128 inputs took on mps2-an385, mps2-an386, mps3-an547 and
// qemu-rv32.
StateCosts costs_of(const std::string& core) {
  const auto is = [&core](const char* name) { return core == name; };
  if (is("Cortex-M55")) return {19.3, 19.2};
  if (is("Cortex-M4") || is("Cortex-M7") || is("Cortex-M33")) return {2.5, 4.1};
  if (is("Cortex-M0+") || is("Cortex-M3")) return {1.54, 3.1};
  if (core.starts_with("RV32")) return {1.21, 3.1};
  return {};
}

// Returns the cycles of a product of a transposed convolution over those of
// FULLY_CONNECTED. These follow from instructions, too: 2.8 a product on Arm's
// cores and 3.3 on RV32.
double transposed_factor(const std::string& core) {
  const auto is = [&core](const char* name) { return core == name; };
  if (is("Cortex-M55")) return 12.4;
  if (is("Cortex-M4") || is("Cortex-M7") || is("Cortex-M33")) return 1.54;
  if (is("Cortex-M0+") || is("Cortex-M3")) return 0.94;
  if (core.starts_with("RV32")) return 0.84;
  return 1;
}

// Bias, requantization and calls take as long as this many products.
constexpr double kOutputProducts = 20;

}  // namespace

int state_operations(OpCode op, const void* params) {
  // An LSTM's unit takes as long as nine operations besides its products.
  if (op != OpCode::kCell) return 9;
  const auto& p = *static_cast<const CellParams*>(params);
  return p.phase[p.phases - 1].end;
}

double state_cycles(const Board& board, double products, double operations) {
  const StateCosts of = costs_of(board.core);
  return board.costs.fully_connected * of.product +
         board.costs.element * of.operation * operations / products;
}

double least_transposed_cycles(const Board& board) {
  return board.costs.fully_connected * transposed_factor(board.core);
}

double transposed_cycles(const Board& board, double products) {
  return least_transposed_cycles(board) * (1 + kOutputProducts / products);
}

}  // namespace shoal
