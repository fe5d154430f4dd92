// Plans in files: each field comes back, and a file that has no plan of the
// network is refused with the place of its fault.
#include "host/plan/file/plan_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/check/check.h"
#include "host/lower/net.h"
#include "host/model/zoo/zoo.h"
#include "host/plan/file/plan_key.h"
#include "host/plan/planner/planner.h"

namespace shoal {
namespace {

using nlohmann::json;

Net small_net() {
  static const Net kNet = lower(zoo_model("zoo:mobilenet_v2@64"));
  return kNet;
}

const Plan& small_plan() {
  static const Plan kPlan = make_plan(
      small_net(),
      linked_nodes(uniform_cluster(2, find_board("teensy41"), {}), "spatial"));
  return kPlan;
}

void expect_refused(const json& stored, Exit code, const std::string& part) {
  try {
    read_stored_plan(stored, small_net(), "p.json");
    ADD_FAILURE() << "accepted; wanted " << part;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
  }
}

TEST(PlanFile, EveryFieldComesBack) {
  const json stored = stored_plan(small_net(), small_plan());
  const Plan plan =
      read_stored_plan(json::parse(stored.dump()), small_net(), "p.json");
  EXPECT_EQ(stored_plan(small_net(), plan), stored);
  EXPECT_EQ(check(small_net(), plan), std::vector<std::string>());
  EXPECT_EQ(plan.latency_s, small_plan().latency_s);
}

TEST(PlanFile, WhatIsNoPlanIsNamedWithItsPlace) {
  const json good = stored_plan(small_net(), small_plan());
  const auto with = [&good](const char* pointer, const json& value) {
    json bad = good;
    bad[json::json_pointer(pointer)] = value;
    return bad;
  };
  expect_refused(json::array(), Exit::kCorrupt, "p.json is not an object");
  expect_refused(with("/format", 2), Exit::kUsage, "in another format");
  expect_refused(with("/net", "00"), Exit::kUsage, "another network");
  expect_refused(with("/plan", 3), Exit::kCorrupt,
                 "p.json.plan is not an object");
  const std::string stage = "/plan/nodes/1/stages/0";
  expect_refused(with((stage + "/buffers/0/slots").c_str(), 1.5),
                 Exit::kCorrupt,
                 "nodes[1].stages[0].buffers[0].slots is not a whole number");
  expect_refused(with((stage + "/buffers/0/offset").c_str(), -1),
                 Exit::kCorrupt, "offset is out of range");
  expect_refused(with((stage + "/buffers/0/box").c_str(), {1, 2}),
                 Exit::kCorrupt, "box is not a list of six numbers");
  expect_refused(with((stage + "/ports/0/owner").c_str(), "me"), Exit::kCorrupt,
                 "owner is not one of actor, input");
  expect_refused(with((stage + "/seconds").c_str(), "1"), Exit::kCorrupt,
                 "seconds is not a number");
  expect_refused(with("/plan/linked", 1), Exit::kCorrupt,
                 "linked is neither true nor false");
  expect_refused(with("/plan/strategy", 1), Exit::kCorrupt, "is not a text");
  expect_refused(with("/plan/nodes", 1), Exit::kCorrupt, "nodes is not a list");
  expect_refused(with("/plan/more", 1), Exit::kCorrupt,
                 "has fields that a plan does not have");
  json less = good;
  less["plan"].erase("macs");
  expect_refused(less, Exit::kCorrupt, "p.json.plan lacks macs");
  less = good;
  less.erase("plan");
  expect_refused(less, Exit::kCorrupt, "p.json lacks plan");
}

// A network that is trained again has the same plans; a network of another
// shape has others.
TEST(PlanFile, KeysAreOfWhatPlansDependOn) {
  Net net = small_net();
  const std::string key = net_key(net);
  net.layers[0].weights.values[0] ^= 1;
  net.name = "renamed";
  EXPECT_EQ(net_key(net), key);
  net.layers[0].pad_top ^= 1;
  EXPECT_NE(net_key(net), key);

  PlanRequest request =
      linked_nodes(uniform_cluster(2, find_board("teensy41"), {}));
  const std::string asked = request_key(small_net(), request);
  request.cluster.nodes[0].address = "127.0.0.1:1";
  request.cached = true;
  EXPECT_EQ(request_key(small_net(), request), asked);
  request.byte_s = 1e-9;
  EXPECT_NE(request_key(small_net(), request), asked);
  request.byte_s = 0;
  request.cluster.nodes[1].board.costs.conv += 1e-6;
  EXPECT_NE(request_key(small_net(), request), asked);
  const std::string alike = request_key(small_net(), request);
  request.cluster.nodes[1].board.costs.second.speed = 0.5;
  EXPECT_NE(request_key(small_net(), request), alike);
}

}  // namespace
}  // namespace shoal
