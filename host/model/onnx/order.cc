// The order of a file's nodes.
#include <algorithm>
#include <map>

#include "host/model/onnx/model.h"

namespace shoal::onnx_import {
namespace {

enum class Mark : uint8_t { kNew, kOpen, kDone };

}  // namespace

void put_in_order(OnnxModel& model) {
  std::map<std::string, size_t> makers;
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    for (const std::string& v : model.nodes[i].outputs) makers.emplace(v, i);
  }
  std::vector<Mark> marks(model.nodes.size(), Mark::kNew);
  std::vector<size_t> order, open;
  // Each node comes behind those that make its operands, else where it was.
  for (size_t first = 0; first < model.nodes.size(); ++first) {
    if (marks[first] == Mark::kNew) open.push_back(first);
    while (!open.empty()) {
      const size_t at = open.back();
      if (marks[at] != Mark::kNew) {
        open.pop_back();
        if (marks[at] == Mark::kOpen) order.push_back(at);
        marks[at] = Mark::kDone;
        continue;
      }
      marks[at] = Mark::kOpen;
      for (const std::string& v : model.nodes[at].inputs) {
        const auto maker = v.empty() ? makers.end() : makers.find(v);
        if (maker == makers.end()) continue;
        if (marks[maker->second] == Mark::kOpen) return;  // a circle
        if (marks[maker->second] == Mark::kNew) open.push_back(maker->second);
      }
    }
  }
  if (std::ranges::is_sorted(order)) return;
  std::vector<OnnxNode> nodes;
  nodes.reserve(order.size());
  for (const size_t i : order) nodes.push_back(std::move(model.nodes[i]));
  model.nodes = std::move(nodes);
}

}  // namespace shoal::onnx_import
