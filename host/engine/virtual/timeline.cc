#include "host/engine/virtual/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace shoal {
namespace {

// Quotes names that come from a model file.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20 || u > 0x7E) {
      out += fmt::format("\\u{:04x}", u);
    } else {
      out += c;
    }
  }
  return out + '"';
}

class Writer {
 public:
  explicit Writer(Nanos begin) : begin_(begin) {}

  void track(uint32_t endpoint, const std::string& name) {
    event(R"("ph":"M","tid":{},"name":"thread_name","args":{{"name":{}}})",
          endpoint, quoted(name));
  }
  void span(uint32_t endpoint, const std::string& name, const char* category,
            Nanos from, Nanos to) {
    event(R"("ph":"X","tid":{},"name":{},"cat":"{}","ts":{:.3f},"dur":{:.3f})",
          endpoint, quoted(name), category, us(from),
          static_cast<double>(to - from) * 1e-3);
  }
  // A track of its own, behind those of the endpoints.
  void path(uint32_t track, const std::vector<PathStep>& steps) {
    if (steps.empty()) return;
    event(
        R"("ph":"M","cat":"critical","tid":{},"name":"thread_name","args":{{"name":"critical path"}})",
        track);
    for (const PathStep& s : steps) {
      event(
          R"("ph":"X","tid":{},"name":"{}","cat":"critical","ts":{:.3f},"dur":{:.3f},"args":{{"from":{},"to":{}}})",
          track, reason_name(s.reason), us(s.begin),
          static_cast<double>(s.end - s.begin) * 1e-3, s.endpoint,
          s.reason == Reason::kWire ? s.to : s.endpoint);
    }
  }
  void arrow(uint64_t serial, const Travel& t) {
    const auto end = [&](char phase, uint32_t endpoint, Nanos at) {
      event(
          R"("ph":"{}","tid":{},"name":"datagram","cat":"network","id":{},"ts":{:.3f},"bp":"e")",
          phase, endpoint, serial, us(at));
    };
    end('s', t.from, t.asked);
    end('f', t.to, t.arrived);
  }
  void mark(uint32_t endpoint, const std::string& text, Nanos at) {
    event(R"("ph":"i","tid":{},"name":{},"s":"g","ts":{:.3f})", endpoint,
          quoted(text), us(at));
  }
  std::string finish(const TimelineStory& story) {
    return fmt::format(
        R"({{"displayTimeUnit":"ms","otherData":{{"shoal_trace":1,"model":{},"why":{}}},"traceEvents":[{})",
        quoted(story.model), quoted(story.why), text_ + "\n]}\n");
  }

 private:
  template <typename... Args>
  void event(fmt::format_string<Args...> format, Args&&... args) {
    text_ += text_.empty() ? "\n{\"pid\":1," : ",\n{\"pid\":1,";
    fmt::format_to(std::back_inserter(text_), format,
                   std::forward<Args>(args)...);
    text_ += '}';
  }
  double us(Nanos t) const { return static_cast<double>(t - begin_) * 1e-3; }

  Nanos begin_;
  std::string text_;
};

const char* category(Doing doing) {
  return doing == Doing::kSlice     ? "slice"
         : doing == Doing::kReceive ? "receive"
         : doing == Doing::kSend    ? "send"
                                    : "stage";
}

}  // namespace

std::string activity_name(const Activity& a, const Net& net, const Plan& plan,
                          uint32_t node) {
  switch (a.doing) {
    case Doing::kReceive:
      return "receive";
    case Doing::kSend:
      return "send";
    case Doing::kCheck:
      return "check";
    case Doing::kOther:
      return "stage";
    case Doing::kSlice:
      break;
  }
  if (node >= plan.nodes.size() || a.stage >= plan.nodes[node].stages.size() ||
      a.actor >= plan.nodes[node].stages[a.stage].actors.size()) {
    return "slice";
  }
  const int layer = plan.nodes[node].stages[a.stage].actors[a.actor].layer;
  return layer < 0 ? "copy" : net.layers[static_cast<size_t>(layer)].name;
}

std::string timeline_json(const Recorder& recorder, const ActivityName& name,
                          const std::vector<TimelineMark>& marks,
                          const std::vector<std::string>& names, Nanos begin,
                          Nanos end, const TimelineStory& story) {
  Writer w(begin);
  for (uint32_t e = 0; e < recorder.endpoints(); ++e) {
    w.track(e, names[e]);
    Nanos busy_until = begin;
    for (const Activity& a : recorder.activities(e)) {
      if (a.begin > busy_until) w.span(e, "wait", "wait", busy_until, a.begin);
      w.span(e, name(a, e), category(a.doing), a.begin, a.end);
      busy_until = std::max(busy_until, a.end);
    }
    if (end > busy_until) w.span(e, "wait", "wait", busy_until, end);
  }
  w.path(recorder.endpoints(), story.path);
  uint64_t serial = 0;
  for (const Travel& t : recorder.travels()) {
    ++serial;
    if (t.arrived != kNever) w.arrow(serial, t);
  }
  for (const TimelineMark& m : marks) w.mark(m.endpoint, m.text, m.at);
  return w.finish(story);
}

std::string timeline_json(const Recorder& recorder, const Net& net,
                          const Plan& plan,
                          const std::vector<std::string>& names, Nanos begin,
                          Nanos end, const TimelineStory& story) {
  return timeline_json(
      recorder,
      [&](const Activity& a, uint32_t node) {
        return activity_name(a, net, plan, node);
      },
      {}, names, begin, end, story);
}

}  // namespace shoal
