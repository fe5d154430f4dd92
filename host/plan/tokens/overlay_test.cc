#include "host/plan/tokens/overlay.h"

#include <gtest/gtest.h>

#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/tokens/token_simulation.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

// The middle layers [1, last) of a net as a stage, its input whole.
struct Middle {
  Net net;
  Segment segment;
  PlanStage stage;
  Overlay pair;
};

Middle middle_of(const Net& net, int last) {
  Middle m{net, {1, last}, {}, {}};
  const std::vector<TensorUses> uses = find_uses(net);
  const Work work = uniform_work(net, 1 << 14);
  m.pair = overlay_pair(net, uses, m.segment).value();
  m.stage = make_stage(net, uses, m.segment, work, ring_slots(net, uses, work));
  return m;
}

// Returns whether the stage completes with its output `lead` bytes before its
// input.
bool completes(Middle& m, int64_t lead) {
  const uint32_t under = 1 << 20;
  int in = -1, out = -1;
  for (size_t b = 0; b < m.stage.buffers.size(); ++b) {
    if (m.stage.buffers[b].tensor == m.pair.in) in = static_cast<int>(b);
    if (m.stage.buffers[b].tensor == m.pair.out) out = static_cast<int>(b);
  }
  m.stage.buffers[in].offset = under;
  m.stage.buffers[out].offset = static_cast<uint32_t>(under - lead);
  m.stage.buffers[out].overlay = in;
  StageTokens tokens(m.net, m.stage);
  return run_by_rank(tokens, depth_ranks(tokens));
}

Net between_convolutions(int channels_in, int channels_out, int kernel,
                         int stride, bool with_skip) {
  ShapeNet n("overlay");
  int x = n.conv(n.input(24, 16, 4), 3, 1, channels_in);
  int y = n.conv(x, 1, 1, 32);
  y = n.conv(n.depthwise(y, kernel, stride), 1, 1, channels_out);
  if (with_skip) y = n.add(x, y);
  n.output(n.conv(y, 3, 1, 4));
  return n.finish();
}

TEST(OverlayTest, PlainLayerNeedsOneRowAhead) {
  // Every firing reads its row before it gives it back.
  ShapeNet n("table");
  const int x = n.conv(n.input(24, 4, 4), 3, 1, 8);
  n.output(n.conv(n.table(x), 3, 1, 4));
  Middle m = middle_of(n.finish(), 2);
  EXPECT_EQ(smallest_lead(m.net, m.stage, m.pair), 4 * 8);
}

TEST(OverlayTest, TheLeadIsSmallestAndSuffices) {
  for (const int kernel : {1, 3, 5, 7}) {
    for (const int stride : {1, 2}) {
      for (const int out : {8, 16, 40}) {
        SCOPED_TRACE(std::to_string(kernel) + " " + std::to_string(stride) +
                     " " + std::to_string(out));
        const bool skip = stride == 1 && out == 16;
        Middle m = middle_of(
            between_convolutions(16, out, kernel, stride, skip), skip ? 5 : 4);
        const int64_t lead = smallest_lead(m.net, m.stage, m.pair);
        EXPECT_EQ(lead % 16, 0);
        EXPECT_TRUE(completes(m, lead));
        EXPECT_FALSE(completes(m, lead - 16));
      }
    }
  }
}

TEST(OverlayTest, GainIsWhatTheUnionSaves) {
  ShapeNet n("gain");
  const int x = n.conv(n.input(16, 16, 3), 3, 1, 8);
  const int y = n.conv(x, 3, 1, 8);
  n.output(y);
  const Net net = n.finish();
  EXPECT_EQ(overlay_gain(net, {x, y, 256}), 2048 - 256);
  EXPECT_EQ(overlay_gain(net, {x, y, 0}), 2048);
  EXPECT_EQ(overlay_gain(net, {x, y, 4096}), 0);
}

TEST(OverlayTest, NoPairWithoutADyingInput) {
  ShapeNet n("alive");
  const int x = n.conv(n.input(16, 16, 3), 3, 1, 8);
  const int y = n.conv(x, 3, 1, 8);
  n.output(n.add(x, y));
  const Net net = n.finish();
  EXPECT_FALSE(overlay_pair(net, find_uses(net), {1, 2}).has_value());
  EXPECT_FALSE(overlay_pair(net, find_uses(net), {0, 3}).has_value());
}

}  // namespace
}  // namespace shoal
