// One-dimensional networks with time along the columns of one row need as
// much memory as the same networks with time along rows.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "host/engine/common/prepare.h"
#include "host/model/import/import.h"
#include "tests/shared.h"

namespace shoal {
namespace {

int64_t smallest_arena(const std::string& name) {
  const auto file = shared_dir() / "cases" / name / "model.tflite";
  PlanRequest request = one_node(find_board("rp2040"));
  request.objective = Objective::kRam;
  return prepare(load_model(file.string()), request).plan.nodes[0].arena_bytes;
}

TEST(SignalShared, TimeAlongColumnsTakesTheMemoryOfTimeAlongRows) {
  for (const std::string name : {"ecg", "imu", "kws", "tcn"}) {
    const int64_t columns = smallest_arena("01_" + name + "_cols");
    const int64_t rows = smallest_arena("01_" + name + "_rows");
    EXPECT_LE(columns * 10, rows * 11)
        << name << ": " << columns << " B against " << rows << " B";
  }
}

}  // namespace
}  // namespace shoal
