// Pages from plans and traces that are whole, hostile and damaged.
#include "host/report/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/report/node_data.h"

namespace shoal {
namespace {

using nlohmann::json;

json buffer(const char* name, int offset, int slots) {
  return {
      {"tensor", offset},    {"name", name},     {"box", {0, 8, 0, 8, 0, 4}},
      {"element_bytes", 1},  {"slots", slots},   {"offset", offset},
      {"bytes", slots * 32}, {"first_stage", 0}, {"last_stage", 0}};
}

json node(const char* name, int y0, int y1) {
  const json stage{
      {"segment", 0},
      {"arena_bytes", 512},
      {"bound", "compute"},
      {"seconds", 0.001},
      {"compute_s", 0.001},
      {"flash_s", 0},
      {"storage_s", 0},
      {"check_s", 0},
      {"buffers", {buffer("input", 64, 3), buffer("conv", 256, 8)}},
      {"ports",
       {{{"buffer", 0}, {"box", {y0, y1, 0, 8, 0, 4}}, {"owner", "input"}},
        {{"buffer", 1}, {"box", {y0, y1, 0, 8, 0, 4}}, {"owner", "actor"}}}},
      {"actors",
       {{{"layer", 0}, {"op", "conv"}, {"name", "conv"}, {"out", 1}},
        {{"layer", -1}, {"op", "COPY"}, {"out", 1}}}}};
  json j{{"name", name},
         {"board", "teensy41"},
         {"layout",
          {{"head", {{"offset", 32}, {"bytes", 0}}},
           {"link", {{"offset", 32}, {"bytes", 32}}}}},
         {"storage", ""},
         {"seconds", 0.001},
         {"budget_bytes", 1024},
         {"stages", {stage}}};
  for (const char* key :
       {"arena_bytes", "fixed_bytes", "program_bytes", "macs",
        "weight_read_bytes", "sent_bytes", "received_bytes",
        "storage_read_bytes", "storage_written_bytes", "flash_weight_bytes",
        "sram_weight_bytes", "tape_bytes"}) {
    j[key] = 512;
  }
  return j;
}

json plan(const char* model = "net") {
  const auto end = [](int of) { return json{{"node", of}, {"port", 1}}; };
  return {{"model", model},
          {"strategy", "spatial"},
          {"objective", "latency"},
          {"macs", 1000},
          {"model_macs", 900},
          {"traffic_bytes", 64},
          {"latency_us", 1500.5},
          {"bound_us", nullptr},
          {"linked", true},
          {"nodes_left_out", {{{"name", "n2"}, {"reason", "too small"}}}},
          {"nodes", {node("n0", 0, 5), node("n1", 4, 8)}},
          {"streams", {{{"bytes", 64}, {"from", end(0)}, {"to", {end(1)}}}}}};
}

json trace(const char* model = "net") {
  const auto span = [](const char* name, const char* category, double ts) {
    return json{{"ph", "X"},
                {"tid", 0},
                {"name", name},
                {"dur", 1.5},
                {"ts", ts},
                {"cat", category},
                {"args", {{"from", 0}, {"to", 1}}}};
  };
  const auto named = [](int tid, const char* name) {
    return json{{"ph", "M"},
                {"tid", tid},
                {"name", "thread_name"},
                {"args", {{"name", name}}}};
  };
  return {{"otherData", {{"shoal_trace", 1}, {"model", model}, {"why", "so"}}},
          {"traceEvents",
           {named(0, "n0"), named(1, "n1"), span("conv", "slice", 2),
            span("wait", "wait", 0), span("network", "critical", 1)}}};
}

std::string page_of(const json& plan, const json& trace = {}) {
  std::vector<ReportFile> files{{"p.json", plan.dump()}};
  if (!trace.is_null()) files.push_back({"t.json", trace.dump()});
  return report_page(files, {.command = "shoal report"});
}

// Returns what the page's program reads.
json data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const size_t from = page.find(begin) + begin.size();
  return json::parse(page.substr(from, page.find("</script>", from) - from));
}

Exit code_of(const std::string& plan, const std::string& trace) {
  try {
    std::vector<ReportFile> files{{"p.json", plan}};
    if (!trace.empty()) files.push_back({"t.json", trace});
    report_page(files, {});
    return Exit::kOk;
  } catch (const Error& e) {
    EXPECT_NE(e.fix(), "");
    return e.code();
  }
}

TEST(Report, HoldsWhatIsDrawn) {
  const json data = data_of(page_of(plan(), trace()));
  const json& p = data["plans"][0];
  EXPECT_EQ(p["layers"].size(), 1u);
  EXPECT_EQ(p["layers"][0]["shape"], json({0, 8, 0, 8, 0, 4}));
  EXPECT_EQ(p["layers"][0]["shares"][1], json({1, 0, 0, 4, 8, 0, 8, 0, 4}));
  EXPECT_EQ(p["nodes"][0]["budget_bytes"], 1024);
  EXPECT_EQ(p["nodes"][0]["memory"][0],
            json({"input", 64, 96, 0, 0, 3, 8, 8, 4}));
  EXPECT_EQ(p["nodes"][0]["regions"], json({{"cursors and states", 0, 32},
                                            {"links to other nodes", 32, 32}}));
  EXPECT_EQ(p["traffic"], json({{-1, 0, 160}, {-1, 1, 128}, {0, 1, 64}}));
  EXPECT_EQ(data["trace"]["spans"], json({{2000, 1500, 0, 0}, json::array()}));
  EXPECT_EQ(data["trace"]["path"], json({{1000, 1500, "network", 0, 1}}));
}

TEST(Report, NeedsNoNetwork) {
  const std::string page = page_of(plan(), trace());
  for (const char* part : {" src=", "<link", "url(", "@import", "fetch("}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST(Report, NodeDataIsOneNumberAFile) {
  const std::vector<ReportFile> files =
      node_data_files({{"p.json", plan().dump()}, {"t.json", trace().dump()}});
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].name, "nodes.json");
  EXPECT_EQ(
      json::parse(files[0].text),
      json({{"results",
             {{"conv", {{"value", "n0, n1"}, {"bgColor", "#dddddd"}}}}}}));
  const json memory = json::parse(files[1].text);
  EXPECT_EQ(memory["results"], json({{"conv", {{"value", 256.0}}}}));
  EXPECT_EQ(memory["gradient"].size(), 2u);
  EXPECT_EQ(json::parse(files[2].text)["results"],
            json({{"conv", {{"value", 1500 * 1e-6}}}}));
  EXPECT_EQ(node_data_files({{"p.json", plan().dump()}}).size(), 2u);
  const ReportFile one{"p.json", plan().dump()};
  EXPECT_THROW(node_data_files({one, one}), Error);
}

TEST(Report, NamesAreNeverMarkup) {
  const char* const name = "</script><script>alert(1)</script><!--&\"'";
  json p = plan(name);
  p["strategy"] = name;
  p["nodes"][0]["name"] = name;
  p["nodes"][0]["stages"][0]["actors"][0]["name"] = name;
  p["nodes"][0]["stages"][0]["buffers"][0]["name"] = name;
  json t = trace(name);
  t["traceEvents"][0]["args"]["name"] = name;
  const std::string page = page_of(p, t);
  EXPECT_EQ(page.find("alert(1)</"), std::string::npos);
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<!--"), std::string::npos);
  const json data = data_of(page);
  EXPECT_EQ(data["plans"][0]["model"], name);
  EXPECT_EQ(data["plans"][0]["nodes"][0]["memory"][0][0], name);
  EXPECT_EQ(data["trace"]["names"][0], name);
}

TEST(Report, TwoPlansStandSideBySide) {
  const std::string page = report_page(
      {{"a.json", plan().dump()}, {"b.json", plan("other").dump()}}, {});
  EXPECT_EQ(data_of(page)["plans"][1]["name"], "b.json");
  EXPECT_EQ(data_of(page)["plans"][1]["model"], "other");
}

TEST(Report, ATraceOfAnotherModelOrVersionIsRefused) {
  json later = trace();
  later["otherData"]["shoal_trace"] = 2;
  EXPECT_EQ(code_of(plan().dump(), later.dump()), Exit::kUsage);
  EXPECT_EQ(code_of(plan().dump(), trace("other").dump()), Exit::kUsage);
  EXPECT_EQ(code_of(plan().dump(), trace().dump()), Exit::kOk);
}

TEST(Report, APlanOfAnotherVersionIsRefused) {
  json stored = plan();
  stored["stored"] = {{"format", 1}};
  EXPECT_EQ(page_of(stored), page_of(plan()));
  stored["stored"]["format"] = 2;
  try {
    page_of(stored);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_NE(std::string(e.what()).find("another version"), std::string::npos);
  }
}

TEST(Report, WhatIsWrongIsNamed) {
  const auto refused = [](const char* pointer, const json& value) {
    json p = plan();
    p[json::json_pointer(pointer)] = value;
    try {
      page_of(p);
      ADD_FAILURE() << pointer;
      return std::string();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt);
      return std::string(e.what());
    }
  };
  const std::string stage = "/nodes/1/stages/0";
  EXPECT_EQ(refused((stage + "/actors/0/out").c_str(), 7),
            "p.json.nodes[1].stages[0].actors[0] names a row that its stage "
            "does not have");
  EXPECT_EQ(refused((stage + "/buffers/0/offset").c_str(), -1),
            "p.json.nodes[1].stages[0].buffers[0].offset is not a whole number "
            "in range");
  EXPECT_EQ(refused("/latency_us", "fast"),
            "p.json.latency_us is not a number");
  EXPECT_EQ(refused("/nodes", json::array()), "p.json has no nodes");
  EXPECT_EQ(refused("/streams/0/to/0/node", 2),
            "p.json.streams[0].to[0] names a node that is not there");
  EXPECT_EQ(refused((stage + "/ports/0/box").c_str(), {0, 0, 0, 1, 0, 1}),
            "p.json.nodes[1].stages[0].ports[0].box is an empty box");
}

// Whatever a byte becomes, there is a page or an error that says what to do.
TEST(Report, DamagedFilesAreRefusedOrDrawn) {
  const std::string p = plan().dump(), t = trace().dump();
  for (size_t at = 0; at < p.size(); at += 3) {
    EXPECT_EQ(code_of(p.substr(0, at), ""), Exit::kCorrupt) << at;
    std::string flipped = p;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 7)));
    const Exit code = code_of(flipped, "");
    EXPECT_TRUE(code == Exit::kOk || code == Exit::kCorrupt) << at;
  }
  for (size_t at = 1; at < t.size(); ++at) {
    EXPECT_EQ(code_of(p, t.substr(0, at)), Exit::kCorrupt) << at;
    std::string flipped = t;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 7)));
    const Exit code = code_of(p, flipped);
    EXPECT_TRUE(code == Exit::kOk || code == Exit::kCorrupt ||
                code == Exit::kUsage)
        << at;
  }
}

}  // namespace
}  // namespace shoal
