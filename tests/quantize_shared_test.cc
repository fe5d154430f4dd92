// Trained float models keep 20 dB at their outputs, at the default settings.
#include <gtest/gtest.h>

#include <cstdio>

#include "host/base/floats.h"
#include "host/data/image/random_input.h"
#include "host/model/import/import.h"
#include "host/quantize/quantize.h"
#include "tests/shared.h"

namespace shoal {
namespace {

class QuantizeShared : public testing::TestWithParam<const char*> {};

TEST_P(QuantizeShared, Keeps20Decibels) {
  const Graph graph =
      load_model((shared_dir() / "models" / GetParam()).string());
  const Calibration frames = {
      16, [&](int64_t i) {
        return floats_of(random_input(graph, static_cast<uint64_t>(i)));
      }};
  QuantizeReport report;
  quantize(graph, frames, {}, report);
  EXPECT_GE(report.output_snr_db, 20);
  std::printf("%s: %.1f dB\n", GetParam(), report.output_snr_db);
}

INSTANTIATE_TEST_SUITE_P(Models, QuantizeShared,
                         testing::Values("ad01_fp32.tflite",
                                         "pretrainedResnet.tflite",
                                         "vww_96_float.tflite"),
                         [](const auto& info) {
                           const std::string name = info.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace shoal
