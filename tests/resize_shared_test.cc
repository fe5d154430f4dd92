// Real models at other input sizes: they plan, run and equal the oracle.
#include <gtest/gtest.h>

#include "host/engine/local/testing/verify_frame.h"
#include "host/model/import/import.h"
#include "host/model/resize/resize_input.h"
#include "tests/shared.h"

namespace shoal {
namespace {

Graph model(const std::string& name) {
  return load_model((shared_dir() / "models" / (name + ".tflite")).string());
}

TEST(ResizeShared, ASmallerVisualWakeWordsNetRunsAsTheOracle) {
  const Graph graph = resize_input(model("vww_96_int8"), 64, 80);
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  const Prepared prepared = prepare(graph, request);
  std::vector<uint8_t> input(size_t(64 * 80 * 3));
  for (size_t k = 0; k < input.size(); ++k) {
    input[k] = static_cast<uint8_t>(k * 37 + k / 240);
  }
  const Verification verdict =
      verify_frame(prepared, input, run_oracle(graph, input), std::nullopt);
  EXPECT_FALSE(verdict.wrong) << describe(*verdict.wrong);
  EXPECT_GT(verdict.layers, 20u);
}

TEST(ResizeShared, MobileNetThereAndBackIsItself) {
  for (const char* name :
       {"tf2_mobilenet_v2_1.0_224_ptq", "mobilenet_v2_1.0_224_quant_i8shift"}) {
    const Graph graph = model(name);
    for (const int side : {96, 112, 128, 160, 192}) {
      SCOPED_TRACE(testing::Message() << name << " " << side);
      const Graph back =
          resize_input(resize_input(graph, side, side), 224, 224);
      for (size_t k = 0; k < graph.tensors.size(); ++k) {
        EXPECT_EQ(back.tensors[k].shape, graph.tensors[k].shape);
      }
      EXPECT_EQ(model_macs(back), model_macs(graph));
    }
  }
}

// Sizes of the feature maps as in the network that was trained for 144.
TEST(ResizeShared, MobileNetAt144HasTheMapsOfTheOneMadeFor144) {
  const auto maps = [](const Graph& graph) {
    std::vector<std::pair<int, int>> found;
    for (const Op& op : graph.ops) {
      if (op.kind != OpKind::kConv2d && op.kind != OpKind::kDepthwiseConv2d) {
        continue;
      }
      const Shape& s = graph.tensors[size_t(op.outputs[0])].shape;
      if (found.empty() || found.back() != std::pair(s[1], s[2])) {
        found.emplace_back(s[1], s[2]);
      }
    }
    while (found.back() == std::pair(1, 1)) found.pop_back();  // classifier
    return found;
  };
  const auto wanted = maps(model("mbv2_w0.35_r144_synth"));
  EXPECT_EQ(
      maps(resize_input(model("mobilenet_v2_1.0_224_quant_i8shift"), 144, 144)),
      wanted);
  EXPECT_EQ(maps(resize_input(model("tf2_mobilenet_v2_1.0_224_ptq"), 144, 144)),
            wanted);
}

}  // namespace
}  // namespace shoal
