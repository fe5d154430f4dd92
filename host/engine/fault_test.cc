#include "host/engine/fault.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace shoal {
namespace {

constexpr int kTables = static_cast<int>(Table::kBank) + 1;
constexpr int kLastStatus = static_cast<int>(Status::kSecondCore);

std::string in_stage(Table table) {
  return fault_text({Status::kBadRecord, table, 3, 7, 55});
}

TEST(Fault, EveryTableHasItsOwnName) {
  EXPECT_EQ(in_stage(Table::kNone), "stage 3 is wrong (check 55)");
  EXPECT_EQ(in_stage(Table::kStage), "stage 3, the record is wrong (check 55)");
  EXPECT_EQ(in_stage(Table::kChunk), "stage 3, chunk 7 is wrong (check 55)");
  EXPECT_EQ(in_stage(Table::kPeer), "stage 3, peer 7 is wrong (check 55)");
  EXPECT_EQ(in_stage(Table::kStream), "stage 3, stream 7 is wrong (check 55)");
  EXPECT_EQ(in_stage(Table::kTarget), "stage 3, target 7 is wrong (check 55)");
  EXPECT_EQ(in_stage(Table::kSpill), "stage 3, spill 7 is wrong (check 55)");
  std::set<std::string> texts;
  for (int t = 0; t < kTables; ++t) {
    const std::string text = in_stage(static_cast<Table>(t));
    EXPECT_EQ(text.find("table"), std::string::npos) << text;
    EXPECT_TRUE(texts.insert(text).second) << text;
  }
  EXPECT_EQ(in_stage(static_cast<Table>(200)),
            "stage 3, table 200 7 is wrong (check 55)");
}

TEST(Fault, WhatIsOfNoStage) {
  EXPECT_EQ(fault_text({Status::kBadMagic}),
            "the program is not a shoal program");
  EXPECT_EQ(fault_text({Status::kBadHash, Table::kHeader}),
            "the program was changed: its hash is another");
  EXPECT_EQ(fault_text({Status::kBadTag, Table::kHeader})
                .rfind("the header was "
                       "changed",
                       0),
            0u);
  EXPECT_EQ(fault_text({Status::kSpillFull, Table::kSpill})
                .rfind("the spill area found no room", 0),
            0u);
}

TEST(Fault, EveryStatusOfAFaultHasItsOwnWords) {
  std::set<std::string> texts;
  for (int s = static_cast<int>(Status::kBadMagic); s >= kLastStatus; --s) {
    if (static_cast<Status>(s) == Status::kStale) continue;  // no node's
    const std::string text = fault_text({static_cast<Status>(s)});
    EXPECT_EQ(text.find("status"), std::string::npos) << text;
    EXPECT_TRUE(texts.insert(text).second) << text;
  }
  EXPECT_EQ(fault_text({static_cast<Status>(99), Table::kPort, 1, 2, 3}),
            "stage 1, port 2 stopped with status 99 (check 3)");
}

TEST(Fault, AChunkIsNamedByItsLayerForThoseWhoKnowIt) {
  const std::vector<std::string> layers = {"conv1", "dense"};
  Fault f{Status::kStorage, Table::kChunk, 2, 4, 0, 1};
  EXPECT_EQ(fault_text(f, layers).rfind("layer 1 'dense': its chunk 4 ", 0),
            0u);
  EXPECT_EQ(fault_text(f).rfind("stage 2, chunk 4 ", 0), 0u);
  f.layer = 2;  // of another net
  EXPECT_EQ(fault_text(f, layers).rfind("stage 2, chunk 4 ", 0), 0u);
}

TEST(Fault, TheCodeSaysWhoCanHelp) {
  EXPECT_EQ(fault_error({Status::kOtherWriter}).code(), Exit::kBusy);
  EXPECT_EQ(fault_error({Status::kSpillFull}).code(), Exit::kDoesNotFit);
  EXPECT_EQ(fault_error({Status::kBadTag}).code(), Exit::kCorrupt);
  EXPECT_EQ(fault_error({Status::kBadRecord}).code(), Exit::kCorrupt);
  const Error own = fault_error({Status::kBadRecord}, {}, Maker::kThisRun);
  EXPECT_EQ(own.code(), Exit::kInternal);
  EXPECT_NE(own.fix().find("please report it"), std::string::npos);
  EXPECT_EQ(fault_error({Status::kBadTag}, {}, Maker::kThisRun).code(),
            Exit::kCorrupt);
}

TEST(Fault, TheCallsAnswerIsTheStatus) {
  const shoal_fault why{SHOAL_OK, static_cast<uint8_t>(Table::kActor), 1, 2, 3,
                        4};
  const Fault f = fault_of(why, static_cast<int>(Status::kBadRecord));
  EXPECT_EQ(fault_text(f), "stage 1, actor 2 is wrong (check 3)");
  EXPECT_EQ(f.layer, 4);
}

}  // namespace
}  // namespace shoal
