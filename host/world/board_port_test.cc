#include "host/world/board_port.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(BoardPort, DatagramsCostTheirHandlingAndTheirEncryption) {
  const Board& board = find_board("teensy41");
  const PortCosts plain = board_port(board, false);
  EXPECT_EQ(plain.datagram, 15'000);
  EXPECT_EQ(plain.nanos_per_byte, 0);
  // 25 cycles a byte at 600 MHz.
  EXPECT_DOUBLE_EQ(1200 * board_port(board, true).nanos_per_byte, 50'000);
}

TEST(BoardPort, TheCoordinatorHasTheBestLink) {
  const LinkModel fast = board_link(find_board("teensy41"));
  const LinkModel slow = board_link(find_board("rp2350"));
  const LinkModel link = coordinator_link({slow, fast});
  EXPECT_EQ(link.bits_per_s, fast.bits_per_s);
  EXPECT_EQ(link.latency, fast.latency);
  EXPECT_LT(fast.latency, slow.latency);
  EXPECT_GT(link.send_queue, fast.send_queue);
  LinkModel unlimited = slow;
  unlimited.bits_per_s = 0;
  EXPECT_EQ(coordinator_link({unlimited, fast}).bits_per_s, 0);
  EXPECT_EQ(coordinator_link({fast, unlimited}).bits_per_s, 0);
}

}  // namespace
}  // namespace shoal
