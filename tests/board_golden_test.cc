// Real models on the emulated 64 KB board: outputs and every layer equal the
// golden results, at the smallest arena and at all that the board has.
#include <gtest/gtest.h>

#include "device/program/record.h"
#include "host/base/temporary_folder.h"
#include "host/base/toml.h"
#include "host/engine/board/storage_image.h"
#include "host/engine/common/frame.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/trace_collector.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "tests/board_emulated.h"
#include "tests/shared.h"

namespace shoal {
namespace {

struct Case {
  std::string model;
  Objective objective;
};

std::vector<Case> cases(Objective objective) {
  std::vector<Case> all;
  for (const char* model :
       {"kws_ref_model", "ad01_int8", "hello_world_int8",
        "micro_speech_quantized", "str_ww_ref_model", "vww_96_int8",
        "pretrainedResnet_quant", "mobilenet_v1_0.25_128_quant_i8shift",
        "mbv2_w0.35_r144_synth"}) {
    all.push_back({model, objective});
  }
  return all;
}

void expect_memory(const Prepared& p, const Emulated& e) {
  const PlanNode& node = p.plan.nodes[0];
  EXPECT_EQ(e.end.arena_bytes, node.arena_bytes);
  // The arena's last aligned unit is written: nothing behind it, no unit too
  // many. It may be a chunk's tag, of 4 bytes, and padding.
  EXPECT_LE(e.end.arena_touched, node.arena_bytes);
  EXPECT_GT(e.end.arena_touched + kAlign, node.arena_bytes);
  EXPECT_LE(node.arena_bytes, e.end.arena_available);
  static const toml::table budget = toml::parse_file(
      std::string(SHOAL_SOURCE_DIR) + "/boards/emcraft-sf2/budget.toml");
  const int64_t percent =
      budget.at_path("stack.used_percent").value<int64_t>().value();
  EXPECT_LE(e.memory.stack_used * 100, e.memory.stack_bytes * percent);
}

// Compares the reads that the plan states with those of the board: the header
// twice, the head and every record to check them, the weights that stay, then a
// frame.
void expect_reads(const Prepared& p, const Emulated& e) {
  const HeadView head = view_head(p.images[0].data());
  int64_t loading = sizeof(Header) + head.header->head_bytes;
  for (uint16_t s = 0; s < head.header->stages; ++s) {
    loading += head.stages[s].bytes;
    const StageView stage =
        view_stage(p.images[0].data() + head.stages[s].offset);
    for (uint16_t w = 0; w < stage.header->weights; ++w) {
      const WeightRecord& set = stage.weights[w];
      if (!(set.flags & kWeightsKeep)) continue;
      for (int c = 0; c < set.parts * set.groups; ++c) {
        loading += stage.chunks[set.first_chunk + c].bytes + kTagBytes;
      }
    }
  }
  EXPECT_EQ(e.end.program_read_bytes,
            loading + p.plan.nodes[0].storage_read_bytes);
  EXPECT_EQ(e.end.program_bytes, p.images[0].size());
}

// A model as planned, what its board finds in storage, what it has to give.
struct Deployed {
  Prepared p;
  GoldenCase golden;
  std::vector<uint8_t> storage;
};

Deployed deploy(const Case& c) {
  PlanRequest request = one_node(find_board("emcraft-sf2"));
  request.objective = c.objective;
  Deployed d;
  d.p = prepare(load_model(golden_model_file(c.model)), request);
  const auto folder = shared_dir() / "golden" / c.model;
  d.golden = read_golden_case(folder, golden_cases(folder).at(0));
  d.storage =
      storage_image("emcraft-sf2", d.p.images[0],
                    {frame_rows(d.p.graph, d.p.net, d.golden.input)}, 1 << 24);
  return d;
}

Emulated expect_exact(const Deployed& d, const EmulateOptions& options) {
  const Prepared& p = d.p;
  const Emulated e = emulate(options, d.storage);
  EXPECT_EQ(file_outputs(p.graph, p.net, e.outputs.at(0)), d.golden.output);
  expect_memory(p, e);
  return e;
}

Emulated expect_exact_layers(const Deployed& d, EmulateOptions options) {
  const Prepared& p = d.p;
  TraceCollector collector(p.graph, p.net, p.plan);
  options.observer = collector.observer();
  const Emulated e = expect_exact(d, options);
  const Values values = collector.values(d.golden.input);
  const Trace trace = make_trace(p.graph, [&](int t) {
    return file_bytes(p.graph, t, values[static_cast<size_t>(t)]);
  });
  const auto wrong = first_difference(d.golden.trace, trace, Columns::kMust);
  if (wrong) ADD_FAILURE() << describe(*wrong);
  return e;
}

class BoardGolden : public testing::TestWithParam<Case> {};

TEST_P(BoardGolden, IsExactAtEveryLayer) {
  const Deployed d = deploy(GetParam());
  expect_reads(d.p, expect_exact(d, emulated_board()));
  expect_exact_layers(d, emulated_board());
}

// The build for boards that lack flash (SHOAL_WITHOUT_PLAIN), in the place of
// the other one. Each firing takes hundreds of instructions more.
TEST(BoardGoldenWithoutPlain, IsExactAtEveryLayer) {
  namespace fs = std::filesystem;
  const EmulateOptions usual = emulated_board();
  EmulateOptions small = usual;
  const TemporaryFolder folder;
  small.firmware = folder.path();
  const fs::path place = "emcraft-sf2";
  fs::create_directories(small.firmware / place);
  fs::create_symlink(
      usual.firmware / place / "firmware-debug-without-plain.elf",
      small.firmware / place / "firmware-debug.elf");
  for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
    for (const char* model :
         {"kws_ref_model", "mobilenet_v1_0.25_128_quant_i8shift"}) {
      SCOPED_TRACE(model);
      const Deployed d = deploy({model, objective});
      const Emulated without = expect_exact_layers(d, small);
      EXPECT_GT(without.frame_instructions,
                expect_exact_layers(d, usual).frame_instructions);
    }
  }
}

std::string name_of_case(const testing::TestParamInfo<Case>& info) {
  return test_name(info.param.model);
}
INSTANTIATE_TEST_SUITE_P(Smallest, BoardGolden,
                         testing::ValuesIn(cases(Objective::kRam)),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Long, BoardGolden,
                         testing::ValuesIn(cases(Objective::kLatency)),
                         name_of_case);

}  // namespace
}  // namespace shoal
