#include "host/model/zoo/zoo.h"

#include <charconv>
#include <string>
#include <string_view>

#include "host/base/error.h"
#include "host/model/zoo/networks.h"

namespace shoal {
namespace {

constexpr std::string_view kPrefix = "zoo:";
constexpr int kMostSide = 1024;

struct ZooNetwork {
  const char* name;
  int side;  // of the picture that it was published for; 0: it has none
  int least_side;
  Graph (*make)(const std::string& name, int side);
};

constexpr ZooNetwork kNetworks[] = {
    {"alexnet", 227, 67, zoo::alexnet},
    {"vgg16", 224, 32, zoo::vgg16},
    {"resnet18", 224, 32, zoo::resnet18},
    {"resnet50", 224, 32, zoo::resnet50},
    {"mobilenet_v1", 224, 32, zoo::mobilenet_v1},
    {"mobilenet_v2", 224, 32, zoo::mobilenet_v2},
    {"squeezenet1_0", 224, 64, zoo::squeezenet1_0},
    {"squeezenet1_1", 224, 64, zoo::squeezenet1_1},
    {"deit_tiny", 224, 32, zoo::deit_tiny},
    {"kwt3", 0, 0, zoo::kwt3},
    {"ecg_transformer", 0, 0, zoo::ecg_transformer},
};

std::string names() {
  std::string list;
  for (const ZooNetwork& n : kNetworks) {
    list += (list.empty() ? "" : ", ") + std::string(n.name);
  }
  return list;
}

int side_of(const std::string& text, const ZooNetwork& entry) {
  if (entry.side == 0) {
    throw Error(Exit::kUsage,
                std::string(kPrefix) + entry.name +
                    ": its input is no picture and has one size",
                "leave out the @");
  }
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
  const ZooNetwork& network;
  std::string model;  // "vgg16@112"
  int side;
};

Found find(const std::string& name) {
  const std::string model = name.substr(is_zoo_name(name) ? kPrefix.size() : 0);
  const size_t at = model.find('@');
  const std::string wanted = model.substr(0, at);
  for (const ZooNetwork& n : kNetworks) {
    if (wanted != n.name) continue;
    const int side =
        at == std::string::npos ? n.side : side_of(model.substr(at + 1), n);
    return {n, model, side};
  }
  throw Error(Exit::kUsage, "the zoo has no network '" + wanted + "'",
              "one of: " + names());
}

}  // namespace

bool is_zoo_name(const std::string& model) {
  return model.starts_with(kPrefix);
}

void check_zoo_name(const std::string& name) { find(name); }

Graph zoo_model(const std::string& name) {
  const Found found = find(name);
  return found.network.make(found.model, found.side);
}

}  // namespace shoal
