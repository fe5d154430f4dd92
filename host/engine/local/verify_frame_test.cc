#include "host/engine/local/testing/verify_frame.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/base/testing/expect_throws.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/common/verify.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

class VerifyTest : public testing::Test {
 protected:
  // A program whose weights are not the model's.
  void alter_weight(const std::string& layer) {
    for (Layer& l : p_.net.layers) {
      if (l.name == layer) l.weights.values[0] ^= 0x40;
    }
    p_.images = {emit(p_.net, p_.plan, 0)};
  }
  GoldenCase golden() const {
    GoldenCase g;
    g.name = "x";
    g.input = input_;
    g.output = model_output(p_.graph, oracle_);
    g.trace = make_trace(p_.graph, [&](int t) {
      return file_bytes(p_.graph, t, oracle_[static_cast<size_t>(t)]);
    });
    return g;
  }

  Prepared p_ = small_prepared();
  const std::vector<uint8_t> input_ = noise_bytes(kSmallInput, 4);
  const Values oracle_ = run_oracle(p_.graph, input_);
};

TEST_F(VerifyTest, ARightProgramIsEqual) {
  const Verification v = verify_frame(p_, input_, oracle_, golden());
  EXPECT_FALSE(v.wrong);
  EXPECT_EQ(v.layers, 4u);
}

TEST_F(VerifyTest, TheFirstLayerThatDiffersIsNamed) {
  alter_weight("second");
  const Verification v = verify_frame(p_, input_, oracle_, std::nullopt);
  ASSERT_TRUE(v.wrong);
  EXPECT_EQ(v.between, "plan and oracle");
  EXPECT_EQ(v.wrong->layer.rfind("001 CONV_2D", 0), 0u) << v.wrong->layer;
  EXPECT_NE(v.wrong->layer.find("(second)"), std::string::npos);
  EXPECT_EQ(v.wrong->what.rfind("value at", 0), 0u) << v.wrong->what;
  EXPECT_NE(v.wrong->expected, v.wrong->actual);
}

TEST_F(VerifyTest, AnEarlierLayerComesFirst) {
  alter_weight("second");
  alter_weight("first");
  const Verification v = verify_frame(p_, input_, oracle_, std::nullopt);
  ASSERT_TRUE(v.wrong);
  EXPECT_EQ(v.wrong->layer.rfind("000 CONV_2D", 0), 0u) << v.wrong->layer;
}

TEST_F(VerifyTest, OracleAndGoldenMustAgreeToo) {
  GoldenCase g = golden();
  g.trace[3].crc32 = "00000000";
  const Verification v = verify_frame(p_, input_, oracle_, g);
  ASSERT_TRUE(v.wrong);
  EXPECT_EQ(v.between, "oracle and golden");
  EXPECT_EQ(v.wrong->what, "crc32");
  EXPECT_EQ(v.wrong->expected, "00000000");
}

TEST_F(VerifyTest, TheGoldenOutputIsCompared) {
  GoldenCase g = golden();
  g.output[7] ^= 1;
  const Verification v = verify_frame(p_, input_, oracle_, g);
  ASSERT_TRUE(v.wrong);
  EXPECT_EQ(v.wrong->what, "byte 7");
  g.output.pop_back();
  EXPECT_EQ(verify_frame(p_, input_, oracle_, g).wrong->what, "size");
}

TEST(FindGoldenCase, InTheModelsFolderOrTheRoot) {
  const TemporaryFolder temporary;
  const fs::path root = temporary.path(), folder = root / "small";
  fs::create_directory(folder);
  const Prepared p = small_prepared();
  const std::vector<uint8_t> input = noise_bytes(kSmallInput, 5);
  const Values oracle = run_oracle(p.graph, input);
  write_file((folder / "a.in.bin").string(), input);
  write_file((folder / "a.out.bin").string(), model_output(p.graph, oracle));
  write_file((folder / "a.layers.tsv").string(),
             format_trace(make_trace(p.graph, [&](int t) {
               return file_bytes(p.graph, t, oracle[static_cast<size_t>(t)]);
             })));
  for (const fs::path& place : {root, folder}) {
    const GoldenCase g =
        find_golden_case(place, "small.tflite", "elsewhere/a.in.bin");
    EXPECT_EQ(g.input, input);
    EXPECT_EQ(g.trace.size(), 5u);
  }
  expect_throws([&] { find_golden_case(root, "small.tflite", "b.in.bin"); },
                Exit::kUsage);
}

}  // namespace
}  // namespace shoal
