// Ranks exchange observations of calibration frames, and the model does not
// depend on the number of ranks.
#include "host/quantize/observed_bytes.h"

#include <gtest/gtest.h>

#include <limits>

#include "host/base/error.h"
#include "host/base/ranks/testing/thread_ranks.h"
#include "host/model/graph/difference.h"
#include "host/quantize/testing/float_net.h"

namespace shoal {
namespace {

Graph watched_net() {
  FloatNet net(3);
  int x = net.input({1, 6, 6, 2});
  x = net.conv(x, 4, {.kernel = 3, .act = Activation::kRelu});
  x = net.depthwise(x, {.kernel = 3});
  net.output(net.softmax(net.dense(net.mean(x), 3)));
  return net.graph();
}

Observations observed_of(const Graph& graph) {
  Team alone(one_rank());
  return observe(graph, wave_frames(graph, 3, 1), {{0, graph.outputs[0]}, {}},
                 alone, {});
}

// Read again it is the same bytes, or an Error.
template <class Parse, class Format>
void expect_refused_or_sound(const std::vector<uint8_t>& bytes, Parse parse,
                             Format format, bool* taken = nullptr) {
  try {
    EXPECT_EQ(format(parse(bytes)), bytes);
    if (taken) *taken = true;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kCorrupt) << e.what();
  }
}

template <class Parse, class Format>
void expect_hard_to_break(const std::vector<uint8_t>& whole, Parse parse,
                          Format format) {
  EXPECT_EQ(format(parse(whole)), whole);
  for (size_t size = 0; size < whole.size(); ++size) {
    bool taken = false;
    expect_refused_or_sound(
        {whole.begin(), whole.begin() + static_cast<long>(size)}, parse, format,
        &taken);
    EXPECT_FALSE(taken) << size;
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    std::vector<uint8_t> flipped = whole;
    flipped[at] ^= static_cast<uint8_t>(1 << at % 8);
    expect_refused_or_sound(flipped, parse, format);
  }
}

// One tensor with few bins: the bytes are tried one by one.
TEST(ObservedBytes, EveryTruncationAndFlipOfValuesIsSurvived) {
  Graph graph;
  graph.tensors.resize(2);
  graph.tensors[0].shape = {1, 4};
  Observations o;
  o.seen.resize(2);
  o.highest = {{1.5f, 0, 2, 0.25f}, {}};
  o.seen[0].add(std::vector<float>{1e-30f, 0, 2e-30f});
  for (float v = -1e-38f; v < 1e-38f; v += 3e-40f) {
    o.seen[1].add(std::vector<float>{v});
  }
  std::vector<uint8_t> whole = format_values(o);
  ASSERT_LT(whole.size(), 40'000u);
  const auto parse = [&](const auto& bytes) {
    return parse_values(graph, bytes);
  };
  EXPECT_EQ(format_values(parse(whole)), whole);
  // The heads and the first bins and the end; all bins are alike.
  for (size_t size = 0; size < whole.size();
       size += size < 300 || size + 300 > whole.size() ? 1 : 97) {
    EXPECT_THROW(parse(std::vector<uint8_t>(
                     whole.begin(), whole.begin() + static_cast<long>(size))),
                 Error);
    std::vector<uint8_t> flipped = whole;
    flipped[size] ^= static_cast<uint8_t>(1 << size % 8);
    expect_refused_or_sound(flipped, parse, format_values);
  }
  whole.push_back(0);
  EXPECT_THROW(parse(whole), Error);
}

TEST(ObservedBytes, RealValuesAreReadAsTheyWere) {
  const Graph graph = watched_net();
  const Observations o = observed_of(graph);
  const std::vector<uint8_t> bytes = format_values(o);
  const Observations again = parse_values(graph, bytes);
  EXPECT_EQ(format_values(again), bytes);
  EXPECT_EQ(again.highest, o.highest);
  for (size_t t = 0; t < o.seen.size(); ++t) {
    EXPECT_EQ(again.seen[t].width(), o.seen[t].width());
    EXPECT_EQ(again.seen[t].zero_bin(), o.seen[t].zero_bin());
  }
}

TEST(ObservedBytes, EveryTruncationAndFlipOfPatchesIsSurvived) {
  const Graph graph = watched_net();
  Patches patches(graph.ops.size());
  size_t all = 0;
  for (size_t i = 0; i < patches.size(); ++i) {
    if (!has_patch(graph.ops[i])) continue;
    patches[i].resize(patch_size(graph, graph.ops[i]), 0.5 + double(i));
    all += patches[i].size();
  }
  EXPECT_EQ(all, 3u * 3 * 2 + 3 * 3 * 4 + 4);
  const auto parse = [&](const auto& bytes) {
    return parse_patches(graph, bytes);
  };
  expect_hard_to_break(format_patches(patches), parse, format_patches);
  patches[0][0] = std::numeric_limits<double>::infinity();
  EXPECT_THROW(parse(format_patches(patches)), Error);
}

TEST(ObservedBytes, CountsThatNoValuesGiveAreRefused) {
  Histogram h;
  h.add(std::vector<float>{-1, 0, 0, 2});
  std::vector<int64_t> bins;
  for (int i = 0; i < h.bins(); ++i) bins.push_back(h.at(i));
  const auto from = [&](float low, float high, int64_t count, int64_t zeros) {
    return Histogram::from(low, high, count, zeros, bins);
  };
  ASSERT_TRUE(from(-1, 2, 4, 2));
  EXPECT_FALSE(from(-1, 2, 5, 2));
  EXPECT_FALSE(from(-1, 2, 4, 1));
  EXPECT_FALSE(from(-1, 2, 0, 2));
  EXPECT_FALSE(from(-1, 2, -4, 2));
  EXPECT_FALSE(from(2, -1, 4, 2));
  EXPECT_FALSE(from(-1, 200, 4, 2));
  EXPECT_FALSE(from(-1, std::numeric_limits<float>::infinity(), 4, 2));
  EXPECT_FALSE(from(std::numeric_limits<float>::quiet_NaN(), 2, 4, 2));
  bins[0] -= 2;
  bins[1] += 2;
  EXPECT_FALSE(from(-1, 2, 4, 2));
}

TEST(QuantizeOnRanks, AnyNumberGivesTheSameModel) {
  const Graph graph = watched_net();
  const Calibration frames = wave_frames(graph, 40, 2);
  for (const std::optional<bool> equalize :
       {std::optional<bool>(), std::optional<bool>(true),
        std::optional<bool>(false)}) {
    QuantizeOptions options;
    options.equalize = equalize;
    QuantizeReport report;
    const Graph wanted = quantize(graph, frames, options, report);
    for (const int ranks : {2, 3, 7}) {
      std::optional<Graph> made;
      int64_t told = 0;
      const std::optional<Error> error = run_team(ranks, [&](Team& team) {
        QuantizeReport mine;
        std::optional<Graph> int8 = quantize(graph, frames, options, team, mine,
                                             [&](int64_t done, int64_t) {
                                               if (team.leads()) told = done;
                                             });
        EXPECT_EQ(int8.has_value(), team.leads());
        if (!int8) return;
        EXPECT_EQ(mine.output_snr_db, report.output_snr_db);
        made = std::move(int8);
      });
      ASSERT_FALSE(error) << error->what();
      ASSERT_TRUE(made);
      EXPECT_EQ(graph_difference(*made, wanted), "");
      EXPECT_GT(told, 40);
    }
  }
}

TEST(QuantizeOnRanks, TheLowestBrokenFrameIsTold) {
  const Graph graph = watched_net();
  Calibration frames = wave_frames(graph, 40, 2);
  frames.frame = [wave = frames.frame](int64_t i) {
    std::vector<float> values = wave(i);
    if (i >= 17) values.pop_back();
    return values;
  };
  for (const int ranks : {1, 2, 3}) {
    const std::optional<Error> error = run_team(ranks, [&](Team& team) {
      QuantizeReport report;
      quantize(graph, frames, {}, team, report);
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(std::string(error->what()).find("calibration frame 17 has"), 0u)
        << error->what();
  }
}

}  // namespace
}  // namespace shoal
