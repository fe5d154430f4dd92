// Reads images back with a reader of its own and compares them with the plan.
#include "host/program/emit/emit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "device/program/chunk.h"
#include "device/program/record.h"
#include "device/program/tag.h"
#include "host/check/testing/hand_plans.h"

namespace shoal {
namespace {

// Plain reads at an offset, one field after another.
class Reader {
 public:
  Reader(const std::vector<uint8_t>& image, size_t at)
      : image_(&image), at_(at) {}
  uint32_t u32() { return number(4); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  int8_t i8() { return static_cast<int8_t>(u8()); }
  void skip(size_t bytes) { at_ += bytes; }
  size_t at() const { return at_; }

 private:
  uint32_t number(size_t bytes) {
    uint32_t v = 0;
    for (size_t i = 0; i < bytes; ++i) {
      v |= uint32_t{image_->at(at_++)} << (8 * i);
    }
    return v;
  }
  const std::vector<uint8_t>* image_;
  size_t at_;
};

struct Counts {
  int buffers, ports, actors, loops, weights, chunks, params, maps, order;
};

class EmitTest : public testing::TestWithParam<int> {
 protected:
  EmitTest() : made_(hand_cases()[GetParam()]) {
    image_ = emit(made_.net, made_.plan, 0);
  }
  const PlanNode& node() const { return made_.plan.nodes[0]; }
  Reader at(size_t offset) const { return Reader(image_, offset); }
  // Offset of a stage's record; its tables' counts if asked for.
  size_t record(size_t stage, Counts* counts = nullptr) const {
    const uint32_t offset = at(176 + 8 * stage).u32();
    Reader r = at(offset);
    EXPECT_EQ(r.u32(), kStageMagic);
    EXPECT_EQ(r.u32(), at(176 + 8 * stage + 4).u32());
    EXPECT_EQ(r.u16(), stage);
    if (counts) {
      for (int* n : {&counts->buffers, &counts->ports, &counts->actors,
                     &counts->loops, &counts->weights, &counts->chunks,
                     &counts->params, &counts->maps, &counts->order}) {
        *n = r.u16();
      }
    }
    return offset + 48;
  }

  HandCase made_;
  std::vector<uint8_t> image_;
};

TEST_P(EmitTest, HeaderSaysThePlan) {
  const Header h = *view_head(image_.data()).header;
  EXPECT_EQ(h.magic, kImageMagic);
  EXPECT_EQ(h.arithmetic, kArithmetic);
  EXPECT_EQ(h.image_bytes, image_.size());
  EXPECT_EQ(h.arena_bytes, node().arena_bytes);
  EXPECT_EQ(h.stages, node().stages.size());
  EXPECT_EQ(h.cursor_count, node().layout.cursor_count);
  EXPECT_EQ(h.states, node().layout.states);
  const bool mapped = node().layout.head_bytes == 0;
  EXPECT_EQ(h.head, mapped ? kNowhere : node().layout.head);
  EXPECT_TRUE(mapped || h.head_bytes == node().layout.head_bytes);
  EXPECT_EQ(h.record_bytes, node().layout.record_bytes);
  EXPECT_EQ((h.flags & kImageUnmapped) != 0, !mapped);
  EXPECT_EQ(h.image_bytes == h.program_bytes, mapped);
  uint8_t hash[32];
  make_image_hash(image_.data(), h.program_bytes, h.head_bytes, hash);
  EXPECT_EQ(std::memcmp(hash, h.hash, 32), 0);
  EXPECT_TRUE(tag_follows(TagKind::kHead, 0, h.generation, image_.data(),
                          h.head_bytes - kTagBytes));
}

TEST_P(EmitTest, IoEntriesNameTheirPorts) {
  Reader r = at(176 + 8 * node().stages.size());
  for (const bool is_output : {false, true}) {
    const uint16_t stage = r.u16(), port = r.u16();
    const uint32_t bits = r.u32(), rows = bits >> 7;
    EXPECT_EQ(bits & 127, 1u << 4 | (is_output ? 8u : 0u));
    const PlanPort& p = node().stages.at(stage).ports.at(port);
    EXPECT_EQ(p.owner, is_output ? Owner::kOutput : Owner::kInput);
    EXPECT_EQ(rows, uint32_t(p.box.rows()));
    EXPECT_EQ(r.u32(), uint32_t(p.box.columns() * p.box.channels()));
    EXPECT_EQ(r.u32(), 0u);
  }
}

TEST_P(EmitTest, TablesSayThePlan) {
  for (size_t s = 0; s < node().stages.size(); ++s) {
    const PlanStage& stage = node().stages[s];
    Counts n{};
    Reader r = at(record(s, &n));
    ASSERT_EQ(size_t(n.buffers), stage.buffers.size());
    ASSERT_EQ(size_t(n.ports), stage.ports.size());
    ASSERT_EQ(size_t(n.actors), stage.actors.size());
    ASSERT_EQ(size_t(n.order), stage.order.size());
    int ports = 0;
    for (const PlanBuffer& b : stage.buffers) {
      EXPECT_EQ(r.u16(), b.tensor);
      const uint32_t flags = b.complete     ? kBufferComplete
                             : b.is_private ? kBufferPrivate
                                            : 0;
      EXPECT_EQ(r.u16(), b.box.channels());
      EXPECT_EQ(r.u32(), uint32_t(b.box.rows()) << 7 |
                             uint32_t(b.element_bytes) << 4 | flags);
      EXPECT_EQ(r.u32(), uint32_t(b.slots));
      EXPECT_EQ(r.u32(), b.row_bytes());
      EXPECT_EQ(r.u32(), b.offset);
      EXPECT_EQ(r.u16(), ports);
      const int writers = r.u8(), readers = r.u8();
      for (int p = ports; p < ports + writers + readers; ++p) {
        EXPECT_EQ(&stage.buffers[stage.ports[p].buffer], &b);
        EXPECT_EQ(stage.ports[p].is_read, p >= ports + writers);
      }
      ports += writers + readers;
      EXPECT_EQ(r.u16(), b.overlay < 0 ? kNone : b.overlay);
      EXPECT_EQ(r.u16(), kNone);
    }
    EXPECT_EQ(ports, n.ports);
    for (int p = 0; p < n.ports; ++p) {
      const PlanPort& port = stage.ports[p];
      const auto owner = static_cast<uint32_t>(port.owner_index);
      // The hand-made buffers begin at 0.
      EXPECT_EQ(r.u32(), uint32_t(port.box.y0) << 8 | (owner & 255));
      EXPECT_EQ(r.u32(), uint32_t(port.box.rows()) << 7 | owner >> 8);
      EXPECT_EQ(r.u16(), uint32_t(port.is_read) |
                             (port.owner == Owner::kActor ? 0u : 1u) << 1 |
                             uint32_t(port.buffer) << 5);
      const PlanBuffer& buffer = stage.buffers[port.buffer];
      EXPECT_EQ(r.u16(), buffer.is_private ? kNone : p);
      for (int v : {port.box.x0, port.box.x1, port.box.c0, port.box.c1}) {
        EXPECT_EQ(r.u16(), v);
      }
    }
    for (const PlanActor& a : stage.actors) {
      const Layer& layer = made_.net.layers[a.layer];
      const size_t start = r.at();
      EXPECT_EQ(r.u8(), uint8_t(layer.op));
      EXPECT_EQ(r.i8(), layer.zero_in);
      EXPECT_EQ(r.i8(), layer.zero_weight);
      EXPECT_EQ(r.i8(), layer.zero_out);
      EXPECT_EQ(r.i8(), -128);
      EXPECT_EQ(r.i8(), 127);
      EXPECT_EQ(r.u16(), a.layer);
      for (int port : {a.in[0], a.in[1], a.partial, a.out}) {
        EXPECT_EQ(r.u16(), port < 0 ? kNone : port);
      }
      r.skip(2);
      EXPECT_EQ(r.u16(), a.loop < 0 ? kNone : a.loop);
      EXPECT_EQ(r.u16(), a.band);
      EXPECT_EQ(r.u16(), a.part);
      EXPECT_EQ(r.u16(), 1);
      r.skip(2);
      EXPECT_EQ(r.u16(), layer.kernel_h);
      EXPECT_EQ(r.u16(), layer.kernel_w);
      for (int v : {layer.stride_y, layer.stride_x, 1, 1}) {
        EXPECT_EQ(r.u16(), v);
      }
      // Where the first tap of the first output lies in the in port's box.
      const Box &in = stage.ports[a.in[0]].box, &out = stage.ports[a.out].box;
      const uint32_t top = r.u32(), left = r.u32();
      EXPECT_EQ(top & 15, (a.init ? uint32_t{kActorInit} : 0) |
                              (a.final ? uint32_t{kActorFinal} : 0));
      EXPECT_EQ(left & 15, 0u);
      const int pads[] = {int32_t(top) >> 4, int32_t(left) >> 4};
      EXPECT_EQ(-pads[0], out.y0 * layer.stride_y - layer.pad_top - in.y0);
      EXPECT_EQ(-pads[1], out.x0 * layer.stride_x - layer.pad_left - in.x0);
      r.skip(4);
      EXPECT_EQ(r.u32(), a.accumulator_bytes ? a.accumulator : kNowhere);
      EXPECT_EQ(r.at(), start + 56);
    }
  }
}

// The weights that a chunk must hold, one after the other as chunk.h says.
std::vector<int8_t> expected_weights(const Layer& l, const PlanStage& stage,
                                     const PlanActor& a, const PlanChunk& c) {
  const PlanPort& in = stage.ports[a.in[0]];
  const bool inner = stage.buffers[in.buffer].is_private;
  const bool ends_loop = a.loop >= 0 && a.weights.parts > 1;
  const int ky0 = ends_loop ? 0 : c.in0;
  const int ky1 = ends_loop ? l.kernel_h : c.in0 + c.in_n;
  const int c0 = ends_loop ? c.in0 : inner ? 0 : in.box.c0;
  const int c1 = ends_loop ? c.in0 + c.in_n
                 : inner   ? l.in[0].box.channels()
                           : in.box.c1;
  const int out = l.out.box.channels(), channels = l.in[0].box.channels();
  std::vector<int8_t> all;
  const auto at = [&](size_t index) {
    all.push_back(l.weights.values.at(index));
  };
  if (l.op == OpCode::kDepthwise) {
    for (int tap = ky0 * l.kernel_w; tap < ky1 * l.kernel_w; ++tap) {
      for (int o = c.out0; o < c.out0 + c.out_n; ++o) at(size_t(tap * out + o));
    }
    return all;
  }
  for (int o = c.out0; o < c.out0 + c.out_n; ++o) {
    for (int tap = ky0 * l.kernel_w; tap < ky1 * l.kernel_w; ++tap) {
      for (int i = c0; i < c1; ++i) {
        at(size_t((o * l.kernel_h * l.kernel_w + tap) * channels + i));
      }
    }
  }
  return all;
}

TEST_P(EmitTest, ChunksHoldTheWeights) {
  size_t seen = 0, all = 0;
  for (const Layer& l : made_.net.layers) all += l.weights.values.size();
  for (size_t s = 0; s < node().stages.size(); ++s) {
    const PlanStage& stage = node().stages[s];
    const StageView v = view_stage(image_.data() + at(176 + 8 * s).u32());
    for (size_t i = 0; i < stage.actors.size(); ++i) {
      const PlanActor& a = stage.actors[i];
      const Layer& layer = made_.net.layers[a.layer];
      ASSERT_EQ(v.actors[i].weights == kNone, layer.weights.empty());
      if (layer.weights.empty()) continue;
      const WeightRecord& w = v.weights[v.actors[i].weights];
      EXPECT_EQ(w.parts, a.weights.parts);
      EXPECT_EQ(w.groups, a.weights.groups);
      EXPECT_EQ(w.place, a.weights.place);
      for (size_t c = 0; c < a.weights.chunks.size(); ++c) {
        const PlanChunk& wanted = a.weights.chunks[c];
        const ChunkRecord& chunk = v.chunks[w.first_chunk + c];
        const uint8_t* bytes = image_.data() + chunk.offset;
        EXPECT_TRUE(
            tag_follows(TagKind::kChunk, chunk.offset, 0, bytes, chunk.bytes));
        EXPECT_EQ(chunk.out_n, wanted.out_n);
        const auto weights = expected_weights(layer, stage, a, wanted);
        ASSERT_EQ(std::memcmp(bytes, weights.data(), weights.size()), 0);
        seen += weights.size();
        const ChunkLayout l =
            chunk_layout(static_cast<uint32_t>(weights.size()), chunk.out_n,
                         has_quantized_chunk(layer.op));
        EXPECT_EQ(chunk.bytes, l.bytes);
        for (int o = 0; o < chunk.out_n; ++o) {
          const int channel = wanted.out0 + o;
          Reader r = at(chunk.offset + l.bias + 4 * o);
          EXPECT_EQ(int32_t(r.u32()), layer.weights.bias[channel]);
          r = at(chunk.offset + l.multiplier + 4 * o);
          EXPECT_EQ(int32_t(r.u32()), layer.weights.multipliers[channel]);
          r = at(chunk.offset + l.shift + o);
          EXPECT_EQ(r.i8(), layer.weights.shifts[channel]);
        }
      }
    }
  }
  EXPECT_GE(seen, all);  // more if several actors share a layer
}

TEST_P(EmitTest, IsAFunctionOfThePlan) {
  EXPECT_EQ(image_, emit(made_.net, made_.plan, 0));
  EXPECT_EQ(image_.size() % kAlign, 0u);
}

INSTANTIATE_TEST_SUITE_P(HandPlans, EmitTest,
                         testing::Range(0, int(hand_cases().size())),
                         [](const auto& info) {
                           std::string name = hand_cases()[info.param].name;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

}  // namespace
}  // namespace shoal
