#include "host/report/trace_view.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "host/base/error.h"
#include "host/report/checked_json.h"

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTraceFix =
    "write the trace again with `shoal simulate --timeline FILE`";
constexpr int64_t kVersion = 1;
constexpr int kMostEndpoints = 4097;

// The activities of an endpoint. The page's program has the same list.
const std::vector<std::string> kKinds{"slice", "receive", "send", "check",
                                      "stage"};

// Numbers for texts, in the order in which they come.
class Labels {
 public:
  int number(const std::string& text) {
    const auto [at, is_new] =
        numbers_.try_emplace(text, static_cast<int>(texts_.size()));
    if (is_new) texts_.push_back(text);
    return at->second;
  }
  const Json& texts() const { return texts_; }

 private:
  std::map<std::string, int> numbers_;
  Json texts_ = Json::array();
};

struct DrawnSpan {
  int64_t begin = 0, duration = 0;  // nanoseconds
  int kind = 0, label = 0;
};

struct DrawnFrame {
  std::vector<std::string> names;
  std::vector<std::vector<DrawnSpan>> spans;
  Labels labels;
  Json path = Json::array();
  int64_t end = 0;

  size_t endpoint(const CheckedJson& e) {
    const int tid = e.index("tid");
    if (tid < 0 || tid >= kMostEndpoints) e.refuse("has no such endpoint");
    const auto at = static_cast<size_t>(tid);
    if (at >= spans.size()) {
      spans.resize(at + 1);
      names.resize(at + 1);
    }
    return at;
  }
};

int64_t nanos(const CheckedJson& e, const char* key) {
  constexpr double kMostUs = 1e12;
  const double us = e.number(key);
  if (us > kMostUs) e.refuse(std::string("has a ") + key + " out of range");
  return std::llround(us * 1e3);
}

void add_span(const CheckedJson& e, DrawnFrame& frame) {
  const std::string category = e.text("cat");
  if (category == "wait") return;
  const int64_t begin = nanos(e, "ts"), duration = nanos(e, "dur");
  frame.end = std::max(frame.end, begin + duration);
  if (category == "critical") {
    const CheckedJson args = e.member("args");
    frame.path.push_back({begin, duration, e.text("name"), args.count("from"),
                          args.count("to")});
    return;
  }
  const auto kind = std::ranges::find(kKinds, category);
  if (kind == kKinds.end()) e.refuse("has an unknown category");
  frame.spans[frame.endpoint(e)].push_back(
      {begin, duration, static_cast<int>(kind - kKinds.begin()),
       frame.labels.number(e.text("name"))});
}

// Four numbers a span: the time since the span before has ended, the duration,
// what was done, and the label.
Json spans_json(std::vector<DrawnSpan> spans) {
  std::ranges::stable_sort(spans, {}, &DrawnSpan::begin);
  Json list = Json::array();
  int64_t at = 0;
  for (const DrawnSpan& s : spans) {
    list.insert(list.end(), {s.begin - at, s.duration, s.kind, s.label});
    at = s.begin + s.duration;
  }
  return list;
}

}  // namespace

bool is_trace(const nlohmann::json& file) {
  return file.is_object() && file.contains("traceEvents");
}

Json trace_view(const nlohmann::json& trace, const std::string& name,
                const std::string& model) {
  const CheckedJson all(trace, name, kTraceFix);
  const CheckedJson of = all.member("otherData");
  if (of.count("shoal_trace") != kVersion) {
    throw Error(Exit::kUsage, name + " is a trace of another version",
                kTraceFix);
  }
  if (of.text("model") != model) {
    throw Error(Exit::kUsage,
                name + " is a trace of " + of.text("model") +
                    ", the plan is of " + model,
                "give a plan and a trace of the same model");
  }
  DrawnFrame frame;
  all.each("traceEvents", [&](const CheckedJson& e) {
    const std::string phase = e.text("ph");
    if (phase == "M" && e.text("name") == "thread_name") {
      if (e.has("cat")) return;  // not an endpoint's track
      frame.names[frame.endpoint(e)] = e.member("args").text("name");
    } else if (phase == "X") {
      add_span(e, frame);
    }
  });
  if (frame.spans.empty()) all.refuse("has no endpoints");
  Json spans = Json::array();
  for (std::vector<DrawnSpan>& list : frame.spans) {
    spans.push_back(spans_json(std::move(list)));
  }
  for (const Json& step : frame.path) {
    for (const size_t end : {size_t{3}, size_t{4}}) {
      if (step[end].get<uint64_t>() >= spans.size()) {
        all.refuse("has a critical path over an unknown endpoint");
      }
    }
  }
  return {{"names", frame.names},
          {"labels", frame.labels.texts()},
          {"kinds", kKinds},
          {"spans", spans},
          {"path", frame.path},
          {"end", frame.end},
          {"why", of.has("why") ? Json(of.text("why")) : Json()}};
}

}  // namespace shoal
