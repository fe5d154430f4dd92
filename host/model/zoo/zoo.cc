#include "host/model/zoo/zoo.h"

#include <charconv>
#include <string_view>

#include "host/base/error.h"
#include "host/model/zoo/networks.h"

namespace shoal {
namespace {

constexpr std::string_view kPrefix = "zoo:";
constexpr int kMostSide = 1024;

struct Network {
  ZooEntry entry;
  Graph (*make)(const std::string& name, int side);
};

const std::vector<Network>& networks() {
  static const std::vector<Network> all = {
      {{"alexnet", "AlexNet", 227, 67}, zoo::alexnet},
      {{"vgg16", "VGG-16", 224, 32}, zoo::vgg16},
      {{"resnet18", "ResNet-18", 224, 32}, zoo::resnet18},
      {{"resnet50", "ResNet-50", 224, 32}, zoo::resnet50},
      {{"mobilenet_v1", "MobileNetV1", 224, 32}, zoo::mobilenet_v1},
      {{"mobilenet_v2", "MobileNetV2", 224, 32}, zoo::mobilenet_v2},
      {{"squeezenet1_0", "SqueezeNet 1.0", 224, 64}, zoo::squeezenet1_0},
      {{"squeezenet1_1", "SqueezeNet 1.1", 224, 64}, zoo::squeezenet1_1},
  };
  return all;
}

std::string names() {
  std::string list;
  for (const Network& n : networks()) {
    list += (list.empty() ? "" : ", ") + std::string(n.entry.name);
  }
  return list;
}

int side_of(const std::string& text, const ZooEntry& entry) {
  int side = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, side);
  if (error == std::errc() && stop == end && side >= entry.least_side &&
      side <= kMostSide) {
    return side;
  }
  throw Error(Exit::kUsage,
              std::string(kPrefix) + entry.name + ": '" + text +
                  "' is not a size of its picture",
              "give " + std::to_string(entry.least_side) + " to " +
                  std::to_string(kMostSide) + ", or leave out the @");
}

struct Found {
  const Network& network;
  std::string model;  // "vgg16@112"
  int side;
};

Found find(const std::string& name) {
  const std::string model = name.substr(is_zoo_name(name) ? kPrefix.size() : 0);
  const size_t at = model.find('@');
  const std::string wanted = model.substr(0, at);
  for (const Network& n : networks()) {
    if (wanted != n.entry.name) continue;
    const int side = at == std::string::npos
                         ? n.entry.side
                         : side_of(model.substr(at + 1), n.entry);
    return {n, model, side};
  }
  throw Error(Exit::kUsage, "the zoo has no network '" + wanted + "'",
              "one of: " + names());
}

}  // namespace

const std::vector<ZooEntry>& zoo_entries() {
  static const std::vector<ZooEntry> all = [] {
    std::vector<ZooEntry> entries;
    for (const Network& n : networks()) entries.push_back(n.entry);
    return entries;
  }();
  return all;
}

bool is_zoo_name(const std::string& model) {
  return model.starts_with(kPrefix);
}

void check_zoo_name(const std::string& name) { find(name); }

Graph zoo_model(const std::string& name) {
  const Found found = find(name);
  return found.network.make(found.model, found.side);
}

}  // namespace shoal
