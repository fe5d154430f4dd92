// Networks of a board that runs alone take turns in one arena. Compilers
// evaluate arguments in different orders, so this runs in both builds.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "device/alone/networks.h"
#include "host/board/board.h"
#include "host/engine/alone/testing/served_board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_engine.h"

namespace shoal {
namespace {

Bytes run_network(Networks& networks, uint32_t network, const Bytes& input) {
  struct Frame {
    const Bytes& input;
    Bytes output;
  } frame{input, {}};
  const FrameEnds ends = {
      &frame,
      [](void* user, uint32_t, uint32_t offset, uint8_t* to, uint32_t bytes) {
        const auto& f = *static_cast<Frame*>(user);
        std::copy_n(f.input.begin() + offset, bytes, to);
        return true;
      },
      [](void* user, uint32_t, uint32_t, const uint8_t* from, uint32_t bytes) {
        auto& f = *static_cast<Frame*>(user);
        f.output.insert(f.output.end(), from, from + bytes);
        return true;
      },
      nullptr, nullptr};
  EXPECT_EQ(networks.run(network, ends), SHOAL_OK);
  return frame.output;
}

// Networks take turns in one arena, one of them with variables, which go on.
TEST(AloneNetworks, ShareAnArena) {
  const auto p = small_program();
  const auto q = std::make_shared<const Prepared>(
      prepare(counting_network(), one_node(find_board("host"))));
  const std::vector<Bytes> inputs = random_inputs(6, 3);
  const auto here = node_engine(p, {});
  const auto counts = node_engine(q, {});
  const std::vector<Bytes> expected[] = {outputs_of(*here, inputs),
                                         outputs_of(*counts, inputs)};
  OpenedNetworks opened({p.get(), q.get()});
  Networks& networks = opened.networks();
  size_t next[2] = {};
  for (const uint32_t n : {0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0}) {
    const size_t frame = next[n]++;
    EXPECT_EQ(run_network(networks, n, inputs[frame]), expected[n][frame])
        << "frame " << frame << " of network " << n;
  }
  // Variables that wait are given their initial values, too.
  EXPECT_EQ(networks.reset_variables(1), SHOAL_OK);
  EXPECT_EQ(run_network(networks, 0, inputs[0]), expected[0][0]);
  EXPECT_EQ(run_network(networks, 1, inputs[0]), expected[1][0]);

  EXPECT_EQ(networks.run(2, {}), SHOAL_BAD_ARGUMENT);
  // A frame inside of another one's is refused, and that one is given up.
  struct Nested {
    Networks& networks;
    shoal_status status = SHOAL_OK;
  } nested{networks};
  const FrameEnds ends = {
      &nested,
      [](void* user, uint32_t, uint32_t, uint8_t*, uint32_t) {
        auto& n = *static_cast<Nested*>(user);
        n.status = n.networks.run(0, {});
        return false;
      },
      nullptr, nullptr, nullptr};
  EXPECT_EQ(networks.run(1, ends), SHOAL_WAIT);
  EXPECT_EQ(nested.status, SHOAL_BAD_ARGUMENT);
  EXPECT_EQ(run_network(networks, 1, inputs[1]), expected[1][1]);
}

}  // namespace
}  // namespace shoal
