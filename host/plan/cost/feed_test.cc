#include "host/plan/cost/feed.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "host/plan/cost/tape.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/testing/slow_board.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

// With such a storage all times are whole microseconds.
Storage storage_of(int latency_us, double bytes_per_us) {
  Storage s;
  s.read_latency_us = latency_us;
  s.read_bytes_per_s = bytes_per_us * 1e6;
  return s;
}

int chunk_size(const Layer& l, const PlanChunk& c) {
  return static_cast<int>(chunk_bytes(l, whole_share(l), c) + kTagBytes);
}

struct Use {
  int64_t us = 0;
  int bytes = 0;  // of its chunk with the tag; 0: not on the tape
  const PlanChunk* chunk = nullptr;
  size_t sets = 0;  // chunks of sets that it waits for
};

// The work of the core, slice by slice, from the layers alone.
std::vector<Use> uses_of(const Net& net, const PlanStage& stage) {
  std::vector<Use> uses;
  std::vector<int> row(stage.actors.size(), 0);
  const Board b = slow_board();
  for (const PlanRun& run : stage.order) {
    const PlanActor& a = stage.actors[run.actor];
    const Layer& l = net.layers[a.layer];
    for (int i = 0; i < run.firings; ++i) {
      const int rows = std::min(a.band, l.out.box.rows() - row[run.actor]);
      row[run.actor] += rows;
      const int64_t pixels = int64_t{rows} * l.out.box.columns();
      int64_t firing_us = 10;
      size_t sets = 0;
      if (a.weights.place == WeightPlace::kSram && !a.weights.keep) {
        for (int before = 0; before <= run.actor; ++before) {
          const PlanWeights& w = stage.actors[before].weights;
          if (w.place != WeightPlace::kSram || w.keep) continue;
          sets += w.chunks.size();
        }
      }
      if (l.op == OpCode::kLut) {
        uses.push_back({pixels * l.out.box.channels() * 4 + firing_us,
                        chunk_size(l, a.weights.chunks[0]),
                        &a.weights.chunks[0], sets});
        if (a.weights.place != WeightPlace::kTape) uses.back().bytes = 0;
        continue;
      }
      for (const PlanChunk& c : a.weights.chunks) {
        const int64_t taps = int64_t{l.kernel_h} * l.kernel_w;
        const double cost = l.op == OpCode::kDepthwise ? b.costs.depthwise
                            : taps == 1                ? b.costs.pointwise
                                                       : b.costs.conv;
        const int in = l.op == OpCode::kDepthwise ? 1 : l.in[0].box.channels();
        const auto us =
            static_cast<int64_t>(cost) * pixels * taps * c.out_n * in;
        uses.push_back({us + firing_us, chunk_size(l, c), &c, sets});
        if (a.weights.place != WeightPlace::kTape) uses.back().bytes = 0;
        firing_us = 0;
      }
    }
  }
  return uses;
}

struct Played {
  int64_t us = 0, storage_us = 0, checked_us = 0, requests = 0, bytes = 0;
};

// Plays the rules microsecond by microsecond.
Played play(const std::vector<Use>& uses, const std::vector<int>& sets,
            const Storage& storage, bool sealed, size_t slots) {
  Played all;
  const auto reading = [&](int bytes) {
    ++all.requests;
    all.bytes += bytes;
    return static_cast<int64_t>(storage.read_latency_us +
                                bytes / (storage.read_bytes_per_s * 1e-6));
  };
  const auto checking = [&](int bytes) { return (sealed ? 2 : 1) * bytes; };
  std::vector<Use> set_reads;
  for (const int bytes : sets) set_reads.push_back({0, bytes});
  std::deque<const Use*> to_read;
  for (const Use& s : set_reads) to_read.push_back(&s);
  size_t sets_there = 0;
  for (const Use& u : uses) {
    if (u.bytes == 0) continue;
    if (to_read.empty() || to_read.back()->chunk != u.chunk) {
      to_read.push_back(&u);
    }
  }
  std::deque<const PlanChunk*> there;  // the first one may be in use
  const Use* under_way = nullptr;
  bool first_in_use = false;
  int64_t read_left = 0, core_left = 0;
  size_t next = 0;
  const auto start = [&] {
    if (under_way || to_read.empty()) return;
    if (to_read.front()->chunk && there.size() == slots) return;
    under_way = to_read.front();
    to_read.pop_front();
    read_left = reading(under_way->bytes);
  };
  while (true) {
    // Take the steps that need no time, until a step needs some.
    while (core_left == 0) {
      start();
      if (under_way && read_left == 0) {
        const Use* arrived = under_way;
        under_way = nullptr;
        if (arrived->chunk) {
          there.push_back(arrived->chunk);
        } else {
          ++sets_there;
        }
        start();
        core_left = checking(arrived->bytes);
        all.checked_us += core_left;
        continue;
      }
      if (next == uses.size()) break;
      const Use& use = uses[next];
      if (use.sets > sets_there) break;
      if (use.bytes && !(first_in_use && there.front() == use.chunk)) {
        if (first_in_use) there.pop_front();
        first_in_use = false;
        start();
        if (there.empty()) break;
        EXPECT_EQ(there.front(), use.chunk);
        first_in_use = true;
        if (under_way && read_left == 0) continue;
      }
      core_left = use.us;
      ++next;
    }
    if (core_left == 0 && next == uses.size() && !under_way) break;
    ++all.us;
    if (core_left > 0) --core_left;
    if (under_way && read_left > 0) --read_left, ++all.storage_us;
  }
  return all;
}

struct Example {
  Net net;
  PlanStage stage;
  std::vector<int> sets;
};

Example random_example(uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int lo, int hi) {
    return lo + static_cast<int>(random() % static_cast<uint32_t>(hi - lo + 1));
  };
  ShapeNet n("random");
  int x = n.input(pick(4, 9), pick(2, 4), pick(1, 5));
  const int layers = pick(2, 5);
  for (int l = 0; l < layers; ++l) {
    switch (pick(0, 3)) {
      case 0:
        x = n.conv(x, 1, 1, pick(1, 24));
        break;
      case 1:
        x = n.depthwise(x, 3, 1);
        break;
      case 2:
        x = n.table(x);
        break;
      default:
        x = n.conv(x, 3, 1, pick(1, 12));
    }
  }
  n.output(x);
  Example e{n.finish(), {}, {}};
  const std::vector<TensorUses> uses = find_uses(e.net);
  const Work work = uniform_work(e.net, pick(1, 9));
  e.stage = make_stage(e.net, uses, whole_net(e.net), work,
                       ring_slots(e.net, uses, work));
  for (PlanActor& a : e.stage.actors) {
    if (!a.weights.chunks.empty()) a.weights.place = WeightPlace::kTape;
  }
  put_on_tape(e.net, e.stage, -1, static_cast<uint32_t>(pick(40, 600)));
  for (PlanActor& a : e.stage.actors) {
    const int place = pick(0, 5);
    if (place == 0) a.weights.place = WeightPlace::kMapped;
    if (place != 1 && place != 2) continue;
    a.weights.place = WeightPlace::kSram;
    a.weights.keep = place == 2;
    for (const PlanChunk& c : a.weights.chunks) {
      if (!a.weights.keep) {
        e.sets.push_back(chunk_size(e.net.layers[a.layer], c));
      }
    }
  }
  e.stage.slot_count = static_cast<uint32_t>(pick(2, 5));
  return e;
}

TEST(FeedTest, EqualsAPlayMicrosecondByMicrosecond) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Example e = random_example(seed);
    const Storage storage =
        storage_of(seed % 3 == 0 ? 0 : 37 * (seed % 4), seed % 2 ? 0.25 : 1);
    const bool sealed = seed % 5 < 2;
    const Board board = slow_board();
    const FeedTime t = feed_time(e.net, e.stage, {&board, &storage, sealed});
    const Played played = play(uses_of(e.net, e.stage), e.sets, storage, sealed,
                               e.stage.slot_count);
    EXPECT_EQ(t.total_ps, played.us * kPicosPerMicrosecond);
    EXPECT_EQ(t.storage_ps, played.storage_us * kPicosPerMicrosecond);
    EXPECT_EQ(t.check_ps, played.checked_us * kPicosPerMicrosecond);
    EXPECT_EQ(t.requests, played.requests);
    EXPECT_EQ(t.bytes, played.bytes);
    EXPECT_EQ(t.total_ps,
              t.compute_ps + t.firing_ps + t.flash_ps + t.check_ps + t.wait_ps);
    if (HasFailure()) break;
  }
}

TEST(FeedTest, TheRecordIsReadFirst) {
  const Example e = random_example(3);
  const Storage storage = storage_of(50, 1);
  const Board board = slow_board();
  const Supply supply{&board, &storage, true};
  const FeedTime without = feed_time(e.net, e.stage, supply);
  const FeedTime with = feed_time(e.net, e.stage, supply, 400);
  EXPECT_EQ(with.total_ps - without.total_ps,
            (50 + 3 * 400) * kPicosPerMicrosecond);
  EXPECT_EQ(with.bytes - without.bytes, 400);
  EXPECT_EQ(with.requests - without.requests, 1);
}

}  // namespace
}  // namespace shoal
