#include "host/engine/virtual/energy.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Energy, JoulesAreMacsBytesAndSecondsTimesTheFigures) {
  Board board;
  board.energy = {.j_per_mac = 1e-9, .active_w = 0.1, .sleep_w = 0.01};
  Storage part;
  part.read_j_per_byte = 1e-8, part.write_j_per_byte = 1e-7;
  part.idle_w = 0.001;
  FrameLoad load;
  load.macs = 2e6, load.active_s = 0.3, load.seconds = 0.5;
  load.read_bytes = 1'000'000, load.written_bytes = 1000;

  const FrameEnergy at_2_s = frame_energy(board, &part, load, 2);
  EXPECT_DOUBLE_EQ(at_2_s.compute_j, 2e-3 + 0.03);
  EXPECT_DOUBLE_EQ(at_2_s.storage_j, 0.01 + 1e-4 + 2e-3);
  EXPECT_DOUBLE_EQ(at_2_s.idle_j, 1.7 * 0.01);
  EXPECT_DOUBLE_EQ(at_2_s.total_j(),
                   at_2_s.compute_j + at_2_s.storage_j + at_2_s.idle_j);
  // Frames cannot come faster than they are done.
  EXPECT_DOUBLE_EQ(frame_energy(board, &part, load, 0.1).idle_j, 0.2 * 0.01);
  EXPECT_DOUBLE_EQ(frame_energy(board, nullptr, load, 2).storage_j, 0);
}

}  // namespace
}  // namespace shoal
