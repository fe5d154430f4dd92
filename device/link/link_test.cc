#include "device/link/link.h"

#include <gtest/gtest.h>

#include "device/link/testing/link_world.h"

namespace shoal {
namespace {

using test::Channel;
using test::Edge;
using test::Topology;
using test::World;

Topology two_nodes() {
  Topology t;
  t.edges = {{0, 1, 0, 0, 20'000, 3000, 2500}, {1, 0, 0, 0, 9'000, 500, 700}};
  return t;
}

TEST(Link, BytesArriveInOrderExactlyOnce) {
  World world(two_nodes(), Channel(), 1);
  ASSERT_TRUE(world.run(10)) << world.state();
  EXPECT_EQ(world.nodes[1]->placed_bytes, 20'000u);
  EXPECT_EQ(world.nodes[0]->placed_bytes, 9'000u);
}

}  // namespace
}  // namespace shoal
