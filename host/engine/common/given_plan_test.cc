// Plans from files are run only as far as the checker vouches for them:
// whatever number is changed by hand, the plan is refused, or the checker has
// passed it and a program comes of it.
#include "host/engine/common/given_plan.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/split_mix.h"
#include "host/engine/common/testing/small_model.h"
#include "host/plan/file/plan_file.h"

namespace shoal {
namespace {

using nlohmann::json;

PlanRequest two_nodes() {
  return linked_nodes(uniform_cluster(2, find_board("host"), {}));
}

PlanRequest with_given(PlanRequest request, std::string text) {
  request.given = PlanText{"p.json", std::move(text)};
  return request;
}

std::string file_of(const Prepared& p) {
  return json{{"stored", stored_plan(p.net, p.plan)}}.dump();
}

// The places of all values that are no lists or objects.
void find_leaves(const json& at, const std::string& place,
                 std::vector<std::string>& found) {
  if (!at.is_structured()) {
    found.push_back(place);
    return;
  }
  for (const auto& item : at.items()) {
    find_leaves(item.value(), place + "/" + item.key(), found);
  }
}

TEST(GivenPlan, MakesTheProgramsOfTheSearch) {
  const Prepared p = prepare(small_graph(), two_nodes());
  const Prepared given =
      prepare(small_graph(), with_given(two_nodes(), file_of(p)));
  EXPECT_EQ(given.images, p.images);
  EXPECT_EQ(stored_plan(given.net, given.plan), stored_plan(p.net, p.plan));
}

TEST(GivenPlan, IsForItsNodesAlone) {
  const std::string text = file_of(prepare(small_graph(), two_nodes()));
  const auto refused = [&text](const PlanRequest& request, Exit code,
                               const std::string& part) {
    try {
      prepare(small_graph(), with_given(request, text));
      ADD_FAILURE() << "accepted; wanted " << part;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos)
          << e.what();
    }
  };
  refused(one_node(find_board("host")), Exit::kUsage,
          "a plan of 2 nodes, not of 1 node without links");
  PlanRequest little = two_nodes();
  little.cluster.nodes[1].ram = 64;
  refused(little, Exit::kDoesNotFit, "node node1 takes an arena of");
  PlanRequest unmapped = two_nodes();
  unmapped.cluster.nodes[0].board.flash_mapped = false;
  refused(unmapped, Exit::kUsage, "flash that is mapped");
  PlanRequest flash = two_nodes();
  flash.cluster.nodes[0].flash = 100;
  refused(flash, Exit::kDoesNotFit, "FLASH does not fit");
}

TEST(GivenPlan, NoChangedNumberEscapesTheChecker) {
  const char* const wished = std::getenv("SHOAL_CHANGED_PLANS");
  const int rounds = wished ? std::atoi(wished) : 400;
  const Prepared p = prepare(small_graph(), two_nodes());
  const json good = json::parse(file_of(p));
  std::vector<std::string> leaves;
  find_leaves(good["stored"]["plan"], "/stored/plan", leaves);
  uint64_t state = 1;
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    json bad = good;
    const std::string& leaf = leaves[split_mix64(state) % leaves.size()];
    json& value = bad[json::json_pointer(leaf)];
    if (value.is_boolean()) {
      value = !value.get<bool>();
    } else if (value.is_number_integer()) {
      const int64_t edges[] = {-1,        0,         1,
                               2,         255,       65536,
                               INT32_MAX, INT32_MIN, int64_t{UINT32_MAX},
                               INT64_MAX, INT64_MIN};
      const int64_t before = value.get<int64_t>();
      const uint64_t kind = split_mix64(state) % 13;
      value = kind < 11 ? edges[kind] : before + (kind == 11 ? 1 : -1);
    } else if (value.is_number()) {
      value = value.get<double>() * -1e300;
    } else {
      value = "node1";
    }
    try {
      const Prepared changed =
          prepare(small_graph(), with_given(two_nodes(), bad.dump()));
      EXPECT_EQ(changed.images.size(), p.images.size()) << leaf;
    } catch (const Error& e) {
      EXPECT_NE(e.code(), Exit::kInternal) << leaf << ": " << e.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, rounds / 2);
}

TEST(GivenPlan, NoTextIsTrusted) {
  const std::string text = file_of(prepare(small_graph(), two_nodes()));
  for (size_t i = 0; i < 100; ++i) {
    const std::string cut = text.substr(0, text.size() * i / 100);
    EXPECT_THROW(prepare(small_graph(), with_given(two_nodes(), cut)), Error);
  }
  const std::string deep(100'000, '[');
  EXPECT_THROW(prepare(small_graph(), with_given(two_nodes(), deep)), Error);
}

}  // namespace
}  // namespace shoal
