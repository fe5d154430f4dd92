#include "host/engine/coordinator/complaints.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Complaints, OneIsAboutALink) {
  const Blame b = blame_for({{0, 2}});
  EXPECT_EQ(b.node, 2u);
  EXPECT_EQ(b.other, 0u);
}

TEST(Complaints, OfEqualEndsTheOneBehindIsLeftOut) {
  for (const auto& both :
       {std::vector<Complaint>{{1, 3}, {3, 1}}, {{3, 1}, {1, 3}}}) {
    EXPECT_EQ(blame_for(both).node, 3u);
    EXPECT_EQ(blame_for(both).other, 1u);
  }
}

TEST(Complaints, OneOfWhichAllComplainStands) {
  const Blame b = blame_for({{0, 1}, {2, 1}, {3, 1}});
  EXPECT_EQ(b.node, 1u);
  EXPECT_FALSE(b.other);
}

TEST(Complaints, OneThatTheCoordinatorAloneHearsNoRowsOfStands) {
  EXPECT_FALSE(blame_for({{Complaint::kFromCoordinator, 2}}).other);
}

// Its own complaint says that its program goes on.
TEST(Complaints, OneThatComplainsDoesNotStand) {
  const Blame b = blame_for({{0, 1}, {1, 0}, {2, 1}});
  EXPECT_EQ(b.node, 1u);
  EXPECT_EQ(b.other, 0u);
}

}  // namespace
}  // namespace shoal
