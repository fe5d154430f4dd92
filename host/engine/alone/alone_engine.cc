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
    const AloneClient::Answer answer =
        client_.run(facts_, input_rows(info_.graph, info_.net, *input),
                    output_bytes_, first && facts_.variables);
    first = false;
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    board_us_ += answer.board_us;
    ++frames_;
    take({file_outputs(info_.graph, info_.net, answer.outputs)});
  }
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
