#include "host/lower/reorder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "device/program/kinds.h"

namespace shoal {
namespace {

// `number`: the new place of each layer.
void put_in_places(Net& net, const std::vector<int>& number) {
  std::vector<Layer> layers(net.layers.size());
  for (size_t l = 0; l < number.size(); ++l) {
    Layer& to = layers[static_cast<size_t>(number[l])];
    to = std::move(net.layers[l]);
    if (to.weights_of >= 0) {
      to.weights_of = number[static_cast<size_t>(to.weights_of)];
    }
  }
  net.layers = std::move(layers);
}

// Those of the layers before `end` of which the tensor is made.
std::vector<bool> makers(const Net& net, int tensor, size_t end) {
  std::vector<bool> reads(net.tensors.size(), false), makes(end, false);
  if (tensor >= 0) reads[static_cast<size_t>(tensor)] = true;
  for (size_t l = end; l-- > 0;) {
    const Layer& layer = net.layers[l];
    if (!reads[static_cast<size_t>(layer.out.tensor)]) continue;
    makes[l] = true;
    for (const View& in : layer.in) {
      if (in.tensor >= 0) reads[static_cast<size_t>(in.tensor)] = true;
    }
  }
  return makes;
}

// Moves the chosen layers behind `first` to the place before it.
void move_before(Net& net, size_t first, const std::vector<bool>& chosen) {
  std::vector<int> number(net.layers.size());
  int next = 0;
  for (const bool goes_first : {true, false}) {
    for (size_t l = 0; l < number.size(); ++l) {
      const bool is_early = l < first || (l < chosen.size() && chosen[l]);
      if (is_early == goes_first) number[l] = next++;
    }
  }
  put_in_places(net, number);
}

}  // namespace

Net assign_last(Net net) {
  const auto assigns = [&net](const Layer& l) {
    return std::any_of(
        net.variables.begin(), net.variables.end(),
        [&l](const NetVariable& v) { return v.after == l.out.tensor; });
  };
  std::vector<int> number(net.layers.size());
  int next = 0;
  for (const bool last : {false, true}) {
    for (size_t l = 0; l < number.size(); ++l) {
      if (assigns(net.layers[l]) == last) number[l] = next++;
    }
  }
  put_in_places(net, number);
  return net;
}

Net held_first(Net net) {
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const Layer& layer = net.layers[l];
    if (!holds_second(layer.op)) continue;
    const std::vector<bool> held = makers(net, layer.in[1].tensor, l);
    const std::vector<bool> streamed = makers(net, layer.in[0].tensor, l);
    size_t first = 0;
    while (first < l && !(streamed[first] && !held[first] &&
                          holds_second(net.layers[first].op))) {
      ++first;
    }
    if (first < l) move_before(net, first, held);
  }
  return net;
}

}  // namespace shoal
