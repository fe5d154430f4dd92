#include "host/engine/abilities.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "host/base/error.h"

namespace shoal {
namespace {

constexpr int kKinds = static_cast<int>(EngineKind::kFloat) + 1;
constexpr int kAbilities = static_cast<int>(Ability::kThreads) + 1;

// Returns what and fix of the refusal; empty: the engine can. Without a fix
// nobody can ask, because no verb that has the engine has such a flag.
std::pair<std::string, std::string> refusal(EngineKind kind, Ability ability) {
  const Asked asked[] = {{"--flag", ability}};
  try {
    require(kind, asked);
  } catch (const Error& e) {
    const bool unasked = e.fix().empty();
    EXPECT_EQ(e.code(), unasked ? Exit::kInternal : Exit::kUsage) << e.what();
    return {e.what(), e.fix()};
  }
  return {};
}

TEST(Abilities, ARefusalNamesTheFlagTheEngineAndTheFix) {
  const auto [what, fix] = refusal(EngineKind::kNode, Ability::kNetwork);
  EXPECT_EQ(what, "--flag: one node has no network");
  EXPECT_EQ(fix, "leave it out, or give --nodes N");
}

TEST(Abilities, EveryRefusalHasTheOneForm) {
  std::set<std::string> texts;
  for (int k = 0; k < kKinds; ++k) {
    for (int a = 0; a < kAbilities; ++a) {
      const auto [what, fix] =
          refusal(static_cast<EngineKind>(k), static_cast<Ability>(a));
      EXPECT_TRUE(fix.empty() || !what.empty()) << k << " " << a;
      EXPECT_EQ(what.empty(),
                can(static_cast<EngineKind>(k), static_cast<Ability>(a)));
      if (fix.empty()) continue;
      EXPECT_EQ(what.rfind("--flag: ", 0), 0u) << what;
      texts.insert(what.substr(0, what.find(' ', 12)));
    }
  }
  EXPECT_GE(texts.size(), 6u);  // of every engine that refuses anything
}

TEST(Abilities, WhatIsRefusedWhere) {
  using E = EngineKind;
  using A = Ability;
  for (int a = 0; a < kAbilities; ++a) {  // one node does nearly everything
    const auto ability = static_cast<A>(a);
    const bool no = ability == A::kNetwork || ability == A::kPayload ||
                    ability == A::kInsecure || ability == A::kSession ||
                    ability == A::kBanks || ability == A::kWorkers ||
                    ability == A::kServing || ability == A::kState ||
                    ability == A::kCounts || ability == A::kTimes;
    EXPECT_EQ(can(E::kNode, ability), !no) << a;
  }
  for (const A a :
       {A::kPlan, A::kBoard, A::kCount, A::kNodes, A::kBanks, A::kWorkers,
        A::kBatch, A::kNetwork, A::kPayload, A::kWeights, A::kSpill, A::kStore,
        A::kUnsealed, A::kEnergy, A::kInsecure, A::kSession, A::kCuts}) {
    EXPECT_FALSE(can(E::kFloat, a)) << static_cast<int>(a);
  }
  for (const A a : {A::kTrace, A::kThreads}) EXPECT_TRUE(can(E::kFloat, a));
  for (const A a : {A::kStore, A::kUnsealed, A::kBoard}) {
    EXPECT_TRUE(can(E::kStore, a)) << static_cast<int>(a);
  }
  for (const A a : {A::kPlan, A::kCount, A::kBatch, A::kWeights, A::kTrace}) {
    EXPECT_FALSE(can(E::kStore, a)) << static_cast<int>(a);
  }
  for (const A a : {A::kNetwork, A::kPayload, A::kInsecure, A::kBanks,
                    A::kWeights, A::kUnsealed, A::kTrace, A::kThreads}) {
    EXPECT_TRUE(can(E::kVirtual, a)) << static_cast<int>(a);
  }
  EXPECT_TRUE(can(E::kWorkers, A::kSession));
  for (const E e : {E::kWorkers, E::kBoards, E::kBoard}) {
    EXPECT_TRUE(can(e, A::kTimes)) << static_cast<int>(e);
  }
  for (const E e : {E::kStore, E::kVirtual, E::kServed, E::kFloat}) {
    EXPECT_FALSE(refusal(e, A::kTimes).second.empty()) << static_cast<int>(e);
  }
  EXPECT_FALSE(can(E::kVirtual, A::kSession));
  for (const A a : {A::kBatch, A::kSpill, A::kStore, A::kEnergy}) {
    EXPECT_FALSE(can(E::kVirtual, a)) << static_cast<int>(a);
    EXPECT_FALSE(can(E::kWorkers, a)) << static_cast<int>(a);
  }
  for (const A a : {A::kBoard, A::kBanks, A::kNetwork, A::kPayload, A::kTrace,
                    A::kThreads}) {
    EXPECT_FALSE(can(E::kWorkers, a)) << static_cast<int>(a);
  }
  for (const A a : {A::kStore, A::kUnsealed, A::kNetwork, A::kBanks}) {
    EXPECT_FALSE(can(E::kBoard, a)) << static_cast<int>(a);
  }
  for (const A a : {A::kPlan, A::kBoard, A::kCount, A::kNodes, A::kCuts,
                    A::kPayload, A::kUnsealed, A::kState, A::kRuns}) {
    EXPECT_TRUE(can(E::kBoards, a)) << static_cast<int>(a);
  }
  for (const A a : {A::kSession, A::kInsecure, A::kWeights, A::kSpill,
                    A::kTrace, A::kCounts}) {
    EXPECT_FALSE(refusal(E::kBoards, a).second.empty()) << static_cast<int>(a);
    const bool key = a == A::kSession || a == A::kInsecure;
    EXPECT_EQ(can(E::kServed, a), key) << static_cast<int>(a);
  }
  // A verb that serves boards says which they are, and nothing of what is run
  // on them.
  for (const A a : {A::kBoard, A::kCount, A::kNodes, A::kPayload, A::kUnsealed,
                    A::kState, A::kServing}) {
    EXPECT_TRUE(can(E::kServed, a)) << static_cast<int>(a);
  }
  for (const A a : {A::kPlan, A::kCuts, A::kRuns}) {
    EXPECT_FALSE(refusal(E::kServed, a).second.empty()) << static_cast<int>(a);
  }
}

// `emulate` has no flags for these (cli_flags_test.cc).
TEST(Abilities, WhatNobodyCanAskOfEmulatedBoardsHasNoText) {
  for (const EngineKind kind : {EngineKind::kBoards, EngineKind::kServed}) {
    for (const Ability a : {Ability::kBanks, Ability::kWorkers, Ability::kBatch,
                            Ability::kNetwork, Ability::kStore,
                            Ability::kEnergy, Ability::kThreads}) {
      EXPECT_FALSE(can(kind, a)) << static_cast<int>(a);
      EXPECT_EQ(refusal(kind, a).second, "") << static_cast<int>(a);
    }
  }
}

TEST(Abilities, TheFirstOfSeveralIsNamed) {
  const Asked asked[] = {{"--ram", Ability::kPlan},
                         {"--loss", Ability::kNetwork},
                         {"--insecure", Ability::kInsecure}};
  try {
    require(EngineKind::kNode, asked);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).rfind("--loss: ", 0), 0u) << e.what();
  }
  EXPECT_NO_THROW(require(EngineKind::kVirtual, asked));
  EXPECT_NO_THROW(require(EngineKind::kFloat, {}));
}

}  // namespace
}  // namespace shoal
