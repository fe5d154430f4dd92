// Every shared model: written and read again it is the same graph.
#include <gtest/gtest.h>

#include <filesystem>

#include "host/model/export/export.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "tests/shared.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

TEST(ExportGolden, EveryModelComesBackIdentical) {
  int models = 0;
  for (const char* folder : {"models", "models/synth"}) {
    for (const auto& entry : fs::directory_iterator(shared_dir() / folder)) {
      if (entry.path().extension() != ".tflite") continue;
      // float32 with int8 weights, which are not imported.
      if (entry.path().stem() == "kws_ref_model_float32") continue;
      SCOPED_TRACE(entry.path().string());
      const Graph graph = load_model(entry.path());
      const Graph again = import_tflite(export_tflite(graph), graph.name);
      EXPECT_EQ(graph_difference(again, graph), "");
      ++models;
    }
  }
  EXPECT_GE(models, 90);
}

}  // namespace
}  // namespace shoal
