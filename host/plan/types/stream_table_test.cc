// Both ends of each stream name each other.
#include "host/plan/types/stream_table.h"

#include <gtest/gtest.h>

#include <map>

#include "host/base/error.h"
#include "host/check/testing/hand_cluster.h"

namespace shoal {
namespace {

using Key = std::pair<int, int>;  // node, number

// For each end in a table: the node and number of the other end.
struct Ends {
  std::map<Key, Key> targets, streams;
};

Ends read_tables(const Plan& plan) {
  const auto edges = stream_edges(plan);
  Ends ends;
  for (int n = 0; n < static_cast<int>(plan.nodes.size()); ++n) {
    const PlanNode& node = plan.nodes[n];
    const auto links = node_links(edges, plan, n);
    EXPECT_EQ(links.size(), node.stages.size());
    for (const StageLinks& l : links) {
      for (size_t i = 0; i < l.streams.size(); ++i) {
        const StreamRecord& s = l.streams[i];
        EXPECT_EQ(s.targets == 0, i < l.in_streams);
        EXPECT_EQ(l.entry[s.port], static_cast<int>(i));
        if (s.targets == 0) {
          ends.streams[{n, s.number}] = {node.peers[s.peer].node, s.there};
        }
        for (int t = 0; t < s.targets; ++t) {
          const TargetRecord& to = l.targets.at(size_t(s.there + t));
          ends.targets[{n, s.number + t}] = {node.peers[to.peer].node,
                                             to.there};
        }
      }
    }
  }
  const CoordinatorLinks c = coordinator_links(edges, plan, 5);
  const auto node_of = [&](uint16_t peer) { return int(c.peers[peer].node); };
  for (const StreamRecord& s : c.streams) {
    ends.streams[{-1, s.number}] = {node_of(s.peer), s.there};
  }
  for (size_t t = 0; t < c.targets.size(); ++t) {
    ends.targets[{-1, int(t)}] = {node_of(c.targets[t].peer),
                                  c.targets[t].there};
  }
  for (const PeerEntry& p : c.peers) EXPECT_EQ(p.window, 5);
  return ends;
}

TEST(StreamTableTest, EndsNameEachOther) {
  for (const HandCase& c : linked_cases()) {
    const Ends ends = read_tables(c.plan);
    EXPECT_EQ(ends.targets.size(), stream_edges(c.plan).size()) << c.name;
    EXPECT_EQ(ends.targets.size(), ends.streams.size()) << c.name;
    for (const auto& [here, there] : ends.targets) {
      ASSERT_TRUE(ends.streams.contains(there)) << c.name;
      EXPECT_EQ(ends.streams.at(there), here) << c.name;
    }
  }
}

TEST(StreamTableTest, NumbersOfANodeFollowItsStages) {
  for (const HandCase& c : linked_cases()) {
    const auto edges = stream_edges(c.plan);
    for (int n = 0; n < static_cast<int>(c.plan.nodes.size()); ++n) {
      int stream = 0, target = 0;
      for (const StageLinks& l : node_links(edges, c.plan, n)) {
        for (const StreamRecord& s : l.streams) {
          EXPECT_EQ(s.number, s.targets ? target : stream) << c.name;
          s.targets ? target += s.targets : ++stream;
        }
      }
    }
  }
}

TEST(StreamTableTest, AnEndThatIsNoPortIsRefused) {
  HandCase c = linked_cases()[1];
  c.plan.streams[0].to[0].port = 99;
  EXPECT_THROW(stream_edges(c.plan), Error);
}

}  // namespace
}  // namespace shoal
