// Exported projects of real networks find on a board what `shoal run` finds.
#include <gtest/gtest.h>

#include <string>

#include "tests/command.h"
#include "tests/found_lines.h"
#include "tests/needs.h"
#include "tests/shared.h"

namespace shoal {
namespace {

TEST(ExportedHeadsShared, FindWhatShoalRunFinds) {
  need_programs({"make"});
  if (cannot_go_on()) return;
  const Workshop shop;
  const struct {
    const char *model, *input, *head, *said;
  } cases[] = {{"blazeface_front_128", "grace_hopper", "blazeface",
                "  boxes    app.cpp finds them"},
               {"fomo_face_detection", "grace_hopper", "cells",
                "  boxes    app.cpp finds them"},
               {"hand_landmarks_full_224", "grace_hopper", "landmarks",
                "  points   app.cpp finds them"}};
  for (const auto& c : cases) {
    expect_found(
        shop, c.model,
        (shared_dir() / "models_more" / (std::string(c.model) + ".tflite"))
            .string(),
        (shared_dir() / "golden_more" / c.model /
         (std::string(c.input) + ".in.bin"))
            .string(),
        c.head, 1, c.said);
  }
}

}  // namespace
}  // namespace shoal
