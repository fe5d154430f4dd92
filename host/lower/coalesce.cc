#include "host/lower/coalesce.h"

#include <algorithm>

namespace shoal {
namespace {

Box shifted(const Box& b, const Box& to) {
  return {b.y0 + to.y0, b.y1 + to.y0, b.x0 + to.x0,
          b.x1 + to.x0, b.c0 + to.c0, b.c1 + to.c0};
}

bool is_input(const Net& net, int tensor) {
  // No layer makes what a variable held before the frame either.
  for (const NetVariable& v : net.variables) {
    if (v.before == tensor) return true;
  }
  return std::any_of(
      net.inputs.begin(), net.inputs.end(),
      [&](const NetIo& io) { return io.place.view.tensor == tensor; });
}

class Coalescer {
 public:
  Coalescer(Net& net, const std::vector<int>& copies)
      : net_(net), copies_(copies), gone_(net.layers.size(), false) {}

  void run() {
    for (int copy : copies_) {
      if (can_go(copy)) apply(copy);
    }
    std::vector<Layer> left;
    std::vector<int> number;  // copies have no weights, so none is asked for
    for (size_t k = 0; k < net_.layers.size(); ++k) {
      number.push_back(static_cast<int>(left.size()));
      if (!gone_[k]) left.push_back(std::move(net_.layers[k]));
    }
    for (Layer& l : left) {
      if (l.weights_of >= 0) l.weights_of = number[l.weights_of];
    }
    net_.layers = std::move(left);
    drop_unused_tensors();
  }

 private:
  bool can_go(int copy) const {
    const View& part = net_.layers[copy].in[0];
    const View& to = net_.layers[copy].out;
    const NetTensor& t = net_.tensors[part.tensor];
    if (part.box != t.box() || is_input(net_, part.tensor)) return false;
    int last_write = 0;
    for (size_t k = 0; k < net_.layers.size(); ++k) {
      const Layer& l = net_.layers[k];
      const int at = static_cast<int>(k);
      if (gone_[k] || at == copy) continue;
      if (l.out.tensor == part.tensor && l.op == OpCode::kConstant) {
        return false;
      }
      if (l.out.tensor == to.tensor) last_write = at;
    }
    for (int k = 0; k <= last_write; ++k) {
      if (gone_[k] || k == copy) continue;
      for (const View& in : net_.layers[k].in) {
        if (in.tensor == part.tensor) return false;
      }
    }
    return true;
  }

  void apply(int copy) {
    gone_[copy] = true;
    const int part = net_.layers[copy].in[0].tensor;
    const View to = net_.layers[copy].out;
    const auto move = [&](View& v) {
      if (v.tensor == part) v = {to.tensor, shifted(v.box, to.box)};
    };
    for (Layer& l : net_.layers) {
      move(l.in[0]);
      move(l.in[1]);
      move(l.out);
    }
    for (NetIo& io : net_.outputs) move(io.place.view);
    for (auto& place : net_.places) {
      if (place) move(place->view);
    }
  }

  void drop_unused_tensors() {
    std::vector<int> number(net_.tensors.size(), -1);
    for (const Layer& l : net_.layers) number[l.out.tensor] = 0;
    for (const NetIo& io : net_.inputs) number[io.place.view.tensor] = 0;
    for (const NetVariable& v : net_.variables) number[v.before] = 0;
    std::vector<NetTensor> left;
    for (size_t t = 0; t < number.size(); ++t) {
      if (number[t] < 0) continue;
      number[t] = static_cast<int>(left.size());
      left.push_back(std::move(net_.tensors[t]));
    }
    net_.tensors = std::move(left);
    const auto renumber = [&](View& v) {
      if (v.tensor >= 0) v.tensor = number[v.tensor];
    };
    for (Layer& l : net_.layers) {
      renumber(l.in[0]);
      renumber(l.in[1]);
      renumber(l.out);
    }
    for (NetVariable& v : net_.variables) {
      v.before = number[v.before];
      v.after = number[v.after];
    }
    for (NetIo& io : net_.inputs) renumber(io.place.view);
    for (NetIo& io : net_.outputs) renumber(io.place.view);
    for (auto& place : net_.places) {
      if (place) renumber(place->view);
    }
  }

  Net& net_;
  const std::vector<int>& copies_;
  std::vector<bool> gone_;
};

}  // namespace

void coalesce_copies(Net& net, const std::vector<int>& copies) {
  Coalescer(net, copies).run();
}

}  // namespace shoal
