#include "host/engine/alone/alone_engine.h"

#include <chrono>
#include <sstream>
#include <utility>

#include "host/base/error.h"
#include "host/base/size.h"

namespace shoal {
namespace {

std::vector<size_t> bytes_of(const Graph& graph,
                             const std::vector<NetIo>& ends) {
  std::vector<size_t> all;
  for (const NetIo& io : ends) {
    const Box& box = io.place.view.box;
    all.push_back(static_cast<size_t>(box.rows()) *
                  static_cast<size_t>(box.columns()) *
                  static_cast<size_t>(box.channels()) *
                  static_cast<size_t>(node_bytes(graph, io)));
  }
  return all;
}

size_t sum_of(const std::vector<size_t>& all) {
  size_t sum = 0;
  for (const size_t some : all) sum += some;
  return sum;
}

}  // namespace

AloneEngine::AloneEngine(AloneLine line, const std::string& where,
                         const std::string& network, double most_silence_s)
    : line_(std::move(line)),
      where_(where),
      client_(*line_.transport, line_.address, where, most_silence_s),
      facts_(client_.read_facts(network)),
      info_(parse_ends(where, facts_.description)) {
  std::istringstream lines(facts_.labels);
  for (std::string label; std::getline(lines, label);) {
    labels_.push_back(label);
  }
  check_ends();
}

void AloneEngine::check_ends() {
  const std::vector<size_t> inputs = bytes_of(info_.graph, info_.net.inputs);
  output_bytes_ = bytes_of(info_.graph, info_.net.outputs);
  if (inputs.size() == facts_.inputs && sum_of(inputs) == facts_.input_bytes &&
      output_bytes_.size() == facts_.outputs &&
      sum_of(output_bytes_) == facts_.output_bytes) {
    return;
  }
  throw Error(Exit::kCorrupt,
              where_ + ": the board's description is not its program's: " +
                  format_bytes(static_cast<int64_t>(sum_of(inputs))) +
                  " of inputs, the program takes " +
                  format_bytes(facts_.input_bytes),
              "export the project again and flash all of it");
}

void AloneEngine::stream(const Next& next, const Take& take) {
  using Clock = std::chrono::steady_clock;
  bool first = true;
  while (const std::optional<Bytes> input = next()) {
    const Clock::time_point start = Clock::now();
    const AloneClient::Answer answer = client_.run(
        facts_, input_rows(info_.graph, info_.net, *input), output_bytes_,
        static_cast<uint8_t>(
            (first && facts_.variables ? alone::kResetVariables : 0) |
            (measures_ ? alone::kMeasure : 0)));
    first = false;
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    board_us_ += answer.board_us;
    ++frames_;
    if (measures_) add_times();
    take({file_outputs(info_.graph, info_.net, answer.outputs)});
  }
}

void AloneEngine::measure() {
  if (facts_.timed_layers == 0) {
    throw Error(Exit::kUnsupported,
                where_ + ": the board measures no times of layers",
                "export the project again with this shoal, and flash it");
  }
  measures_ = true;
}

void AloneEngine::add_times() {
  const AloneClient::Times t = client_.read_times(facts_);
  profile_.counter = t.counter;
  profile_.counter_hz = t.counter_hz;
  profile_.ticks += static_cast<double>(t.ticks);
  profile_.s += static_cast<double>(t.us) / 1e6;
  profile_.layers.resize(t.layers.size());
  profile_.overflows.resize(t.layers.size());
  for (size_t l = 0; l < t.layers.size(); ++l) {
    profile_.layers[l] += t.layers[l];
    if (t.layers[l] == ~uint32_t{0}) profile_.overflows[l] = true;
  }
  ++profile_.frames;
}

double AloneEngine::Profile::tick_s() const {
  if (counter_hz > 0) return 1 / counter_hz;
  return ticks > 0 ? s / ticks : 0;
}

EngineReport AloneEngine::report() const {
  EngineReport r;
  r.what = "one board";
  r.where = "with the line to " + facts_.board;
  r.frames = r.runs = frames_;
  r.seconds = seconds_;
  return r;
}

}  // namespace shoal
