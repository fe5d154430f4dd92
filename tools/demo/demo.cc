#include "tools/demo/demo.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "host/base/files.h"

namespace shoal {
namespace {

nlohmann::json read_json(const std::string& path) {
  return nlohmann::json::parse(read_file(path));
}

// Returns the probability of the first of the scores, which are logits.
double first_probability(const nlohmann::json& top) {
  double sum = 0;
  const double first = top.at(0).at("score");
  for (const auto& t : top)
    sum += std::exp(t.at("score").get<double>() - first);
  return 1 / sum;
}

Shown read_picture(const nlohmann::json& many, const nlohmann::json& one,
                   const std::filesystem::path& path) {
  Shown s;
  s.truth = path.parent_path().filename().string();
  s.answer = many.at("top").at(0).at("label");
  s.probability = first_probability(many.at("top"));
  s.file = read_file(path.string());
  s.picture = decode_picture(s.file, path.string());
  s.same = many.at("output_sha256") == one.at("output_sha256");
  return s;
}

// Returns the bytes of input and output of the largest operator. Paddings are
// not counted, because some engines have none.
int64_t largest_layer(const nlohmann::json& model) {
  int64_t most = 0;
  for (const auto& op : model.at("ops")) {
    const std::string kind = op.at("opcode");
    if (kind.starts_with("PAD")) continue;
    most = std::max<int64_t>(most, op.at("in_out_bytes"));
  }
  return most;
}

Way read_way(const std::string& name, const nlohmann::json& run) {
  Way way{name};
  for (const auto& node : run.at("nodes")) {
    way.bytes = std::max<int64_t>(way.bytes, node.at("arena_bytes"));
  }
  way.latency_s = run.at("latency_s");
  way.exact = run.at("equal");
  return way;
}

std::vector<SegmentWork> read_segments(const nlohmann::json& plan) {
  std::vector<SegmentWork> all;
  std::map<int, size_t> segment_of;  // by layer
  for (const auto& segment : plan.at("segments")) {
    const auto& cuts = segment.at("cuts");
    SegmentWork work;
    work.first_layer = cuts.front().at("first_layer");
    work.last_layer = cuts.back().at("last_layer");
    work.cut = cuts.front().at("cut");
    work.shares.resize(plan.at("nodes").size());
    for (int l = work.first_layer; l <= work.last_layer; ++l) {
      segment_of[l] = all.size();
    }
    all.push_back(std::move(work));
  }
  for (size_t n = 0; n < plan.at("nodes").size(); ++n) {
    for (const auto& stage : plan.at("nodes").at(n).at("stages")) {
      if (stage.at("layers").empty()) continue;
      const auto found = segment_of.find(stage.at("layers").at(0).get<int>());
      if (found == segment_of.end()) continue;
      all[found->second].shares[n] += stage.at("macs").get<double>();
    }
  }
  for (SegmentWork& work : all) {
    double sum = 0;
    for (const double s : work.shares) sum += s;
    for (double& s : work.shares) s = sum > 0 ? s / sum : 0;
  }
  // Segments that only move data have no work to draw, and neighbours that one
  // node computes are one line.
  std::vector<SegmentWork> drawn;
  for (SegmentWork& work : all) {
    if (std::ranges::count(work.shares, 0) == std::ssize(work.shares)) continue;
    const bool is_alone = std::ranges::count(work.shares, 1) == 1;
    if (is_alone && !drawn.empty() && drawn.back().shares == work.shares) {
      drawn.back().last_layer = work.last_layer;
    } else {
      drawn.push_back(std::move(work));
    }
  }
  return drawn;
}

}  // namespace

int64_t Demo::right() const {
  return std::ranges::count_if(pictures, &Shown::right);
}

int64_t Demo::same() const {
  return std::ranges::count_if(pictures, [](auto& p) { return p.same; });
}

int64_t Demo::widest() const {
  return std::ranges::max(bars, {}, &Bar::bytes).bytes;
}

bool Demo::all_exact() const {
  return std::ranges::all_of(
      ways, [](const Way& w) { return w.latency_s == 0 || w.exact; });
}

Demo read_demo(const std::string& folder,
               const std::vector<std::string>& pictures) {
  Demo d;
  const nlohmann::json large = read_json(folder + "/mobilenet.json");
  const nlohmann::json board = read_json(folder + "/board.json");
  const nlohmann::json boards = read_json(folder + "/boards.json");
  d.ways = {{"whole tensors", largest_layer(large)},
            read_way("one board", board),
            read_way("eight boards of 64 KB", boards)};

  const nlohmann::json model = read_json(folder + "/inspect.json");
  const nlohmann::json plan = read_json(folder + "/plan.json");
  const nlohmann::json single = read_json(folder + "/single.json");
  d.model = model.at("model");
  d.macs = model.at("macs");
  const nlohmann::json many = read_json(folder + "/many.json");
  const nlohmann::json one = read_json(folder + "/one.json");
  for (size_t n = 0; n < pictures.size(); ++n) {
    d.pictures.push_back(read_picture(many.at("results").at(n),
                                      one.at("results").at(n), pictures[n]));
  }
  d.segments = read_segments(plan);
  for (const auto& node : plan.at("nodes")) {
    d.nodes.push_back(node.at("name"));
    d.bars.push_back({d.nodes.back(), node.at("arena_bytes")});
    d.flash = std::max<int64_t>(d.flash, node.at("program_bytes"));
  }
  d.bars.push_back({"one node", single.at("nodes").at(0).at("arena_bytes")});
  d.bars.push_back({"whole tensors", largest_layer(model), true});
  return d;
}

}  // namespace shoal
