#include "host/engine/faults/node_fault.h"

#include <gtest/gtest.h>

#include "host/base/error.h"

namespace shoal {
namespace {

TEST(NodeFault, IsRead) {
  const NodeFault kill = parse_fault("kill:2@5ms");
  EXPECT_EQ(kill.kind, NodeFaultKind::kKill);
  EXPECT_EQ(kill.node, 2);
  EXPECT_EQ(kill.from, 5 * kMillisecond);
  EXPECT_FALSE(kill.until);

  const NodeFault hang = parse_fault("hang:0@0ms..1.5s");
  EXPECT_EQ(hang.kind, NodeFaultKind::kHang);
  EXPECT_EQ(hang.until, 1500 * kMillisecond);

  const NodeFault cut = parse_fault("cut:1-3@7us..7us");
  EXPECT_EQ(cut.node, 1);
  EXPECT_EQ(cut.other, 3);
  EXPECT_EQ(cut.until, cut.from);

  EXPECT_EQ(parse_fault("restart:1@2ms").until, 2 * kMillisecond);
  EXPECT_EQ(parse_fault("slow:1@2ms").kind, NodeFaultKind::kSlow);
}

TEST(NodeFault, RefusesWhatIsNone) {
  for (const char* const bad : {"",
                                "kill",
                                "kill:1",
                                "kill@5ms",
                                "@:",
                                "5ms@kill:1",
                                "kill:@5ms",
                                "kill:-1@5ms",
                                "kill:x@5ms",
                                "kill:99999999999@5ms",
                                "kill:1@",
                                "kill:1@5",
                                "kill:1@5ms..9ms",
                                "die:1@5ms",
                                "hang:1@9ms..5ms",
                                "hang:1-2@5ms",
                                "cut:1-@5ms",
                                "cut:1-1@5ms",
                                "cut:1-2-3@5ms",
                                "hang:1@5ms..",
                                "hang:1@5ms..x",
                                "hang:1@-5ms"}) {
    try {
      parse_fault(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage) << bad;
      EXPECT_NE(std::string(e.what()).find("--fault"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace shoal
