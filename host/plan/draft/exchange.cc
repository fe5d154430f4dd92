#include "host/plan/draft/exchange.h"

#include <algorithm>
#include <map>
#include <optional>

#include "host/plan/types/boxes.h"

namespace shoal {
namespace {

// Returns the part of a variable that each node keeps from frame to frame: the
// least box around all that its layers read. `made`: the boxes that layers
// make. The first node also keeps what no layer reads.
std::vector<Box> kept_boxes(const CutNet& s, const NetVariable& v,
                            const MadeBoxes& made) {
  std::vector<Box> boxes(s.nodes);
  for (const Use& use : s.uses[v.before].readers) {
    if (use.owner != Owner::kActor) continue;
    for (int n = 0; n < s.nodes; ++n) {
      boxes[n] = hull(
          boxes[n], read_box(s, use.index, use.operand, n, made[use.index][n]));
    }
  }
  std::vector<Box> left{s.net.tensors[v.before].box()};
  for (const Box& box : boxes) {
    std::vector<Box> next;
    for (const Box& l : left) {
      for (const Box& rest : without(l, box)) next.push_back(rest);
    }
    left = std::move(next);
  }
  for (const Box& l : left) boxes[0] = hull(boxes[0], l);
  return boxes;
}

class Finder {
 public:
  // `only`: the segment whose exchange is asked for; `segments` are ignored
  // then.
  Finder(const CutNet& cut, const Segments& segments, const MadeBoxes& made,
         std::optional<Segment> only)
      : s_(cut),
        net_(cut.net),
        made_(made),
        only_(only),
        layers_{0, static_cast<int>(cut.net.layers.size())} {
    if (only) {
      layers_ = {only->begin, std::min(only->end, layers_.end)};
      tensors_ = s_.live.during(s_.uses, *only);
    } else {
      segment_ = segment_of_layers(segments, layers_.end);
      for (int t = 0; t < std::ssize(net_.tensors); ++t) {
        if (is_used(s_.uses[t])) tensors_.push_back(t);
      }
    }
    add_shares();
    needs_.resize(s_.nodes);
    local_.resize(s_.nodes);
  }

  Exchange find() {
    for (const int t : tensors_) {
      add_needs(t);
      add_inputs(t);
      add_kept(t);
      add_homes(t);
      for (int n = 0; n < s_.nodes; ++n) connect(t, n);
      add_outputs(t);
    }
    for (int l = layers_.begin; l < layers_.end; ++l) add_chain(l);
    return std::move(x_);
  }

 private:
  struct Need {
    int layer, operand, segment;
    Box box;
  };

  // Returns whether anything uses the tensor. The old value of a variable
  // counts, although no layer makes it.
  static bool is_used(const TensorUses& uses) {
    return uses.variable >= 0 || uses.first >= 0;
  }

  // Makes room for shares of the layers, and of all others that touch a tensor.
  void add_shares() {
    Segment of = layers_;
    for (const int t : tensors_) {
      s_.uses[t].each([&](const Use& u) {
        if (u.owner != Owner::kActor) return;
        of = {std::min(of.begin, u.index), std::max(of.end, u.index + 1)};
      });
    }
    x_.nodes = s_.nodes;
    x_.first_layer = of.begin;
    x_.shares.resize(size_t(of.end - of.begin) * size_t(s_.nodes));
  }

  int segment_of(int layer) const {
    if (!only_) return segment_[layer];
    return layer < only_->begin ? kBefore
           : layer < only_->end ? kHere
                                : kHere + 1;
  }

  void add_needs(int t) {
    for (std::vector<Need>& list : needs_) list.clear();
    for (const Use& use : s_.uses[t].readers) {
      if (use.owner != Owner::kActor) continue;
      for (int n = 0; n < s_.nodes; ++n) {
        const Box box =
            read_box(s_, use.index, use.operand, n, made_[use.index][n]);
        if (box.empty()) continue;
        needs_[n].push_back(
            {use.index, use.operand, segment_of(use.index), box});
      }
    }
  }

  int add_home(Home home) {
    x_.homes.push_back(std::move(home));
    newest_.push_back(-1);
    local_[x_.homes.back().node].push_back(static_cast<int>(x_.homes.size()) -
                                           1);
    return static_cast<int>(x_.homes.size()) - 1;
  }

  // Each node receives what it reads of an input in the first segment in which
  // it reads any of it. An output that no layer makes belongs to the first
  // node.
  void add_inputs(int t) {
    for (std::vector<int>& list : local_) list.clear();
    for (const Use& w : s_.uses[t].writers) {
      if (w.owner != Owner::kInput) continue;
      for (int n = 0; n < s_.nodes; ++n) {
        Home home{.node = n, .tensor = t, .input = w.index, .segment = -1};
        const auto add = [&](const Box& box, int segment) {
          const Box part = common(box, w.box);
          if (part.empty()) return;
          home.box = hull(home.box, part);
          if (home.segment < 0 || segment < home.segment) {
            home.segment = segment;
          }
        };
        for (const Need& need : needs_[n]) add(need.box, need.segment);
        for (const Use& r : s_.uses[t].readers) {
          if (r.owner == Owner::kOutput && n == 0) add(r.box, 0);
        }
        if (home.segment < 0) continue;
        home.last_segment = home.segment;
        add_home(home);
      }
    }
  }

  // Adds the homes of a variable: each node keeps what it reads itself.
  void add_kept(int t) {
    const int variable = s_.uses[t].variable;
    if (variable < 0 || net_.variables[variable].before != t) return;
    const std::vector<Box> boxes =
        kept_boxes(s_, net_.variables[variable], made_);
    for (int n = 0; n < s_.nodes; ++n) {
      if (boxes[n].empty()) continue;
      add_home({.node = n,
                .tensor = t,
                .kept = true,
                .box = boxes[n],
                .segment = -1});
    }
  }

  // Returns whether all readers of the tensor are in later segments than all
  // its writers, wherever segments end. This is true of the result of tiles.
  bool is_read_later(const std::vector<int>& writers, int t) const {
    const TensorUses& uses = s_.uses[t];
    if (uses.variable >= 0 || uses.writers.size() != writers.size()) {
      return false;
    }
    return std::ranges::all_of(uses.readers, [&](const Use& r) {
      return r.owner == Owner::kActor &&
             std::ranges::any_of(s_.cuts.ends, [&](int end) {
               return writers.back() <= end && end < r.index;
             });
    });
  }

  // Several layers write one home if that leaves no gaps on any node and
  // none of them waits for a reader of another. `later`: is_read_later().
  bool one_home(const std::vector<int>& writers, int t, bool later) const {
    if (!later) {
      for (int w : writers) {
        if (segment_of(w) != segment_of(writers[0])) return false;
      }
      for (const Use& r : s_.uses[t].readers) {
        if (r.owner == Owner::kActor && r.index <= writers.back()) return false;
      }
    }
    for (int n = 0; n < s_.nodes; ++n) {
      Box all;
      int64_t sum = 0;
      for (int w : writers) {
        all = hull(all, made_[w][n]);
        sum += made_[w][n].empty() ? 0 : made_[w][n].elements();
      }
      if (!all.empty() && all.elements() != sum) return false;
    }
    return true;
  }

  void add_homes(int t) {
    std::vector<int> writers;
    in_tiles_ = false;
    for (const Use& w : s_.uses[t].writers) {
      if (w.owner == Owner::kActor) writers.push_back(w.index);
    }
    if (writers.empty()) return;
    std::sort(writers.begin(), writers.end());
    const bool later = is_read_later(writers, t);
    const bool together = one_home(writers, t, later);
    in_tiles_ = together && later;
    for (int n = 0; n < s_.nodes; ++n) {
      int home = -1;
      for (int w : writers) {
        if (made_[w][n].empty()) continue;
        if (home < 0 || !together) {
          const int s = segment_of(w);
          home = add_home(
              {.node = n, .tensor = t, .segment = s, .last_segment = s});
        }
        Home& h = x_.homes[home];
        h.written = std::max(h.written, segment_of(w));
        h.last_segment = std::max(h.last_segment, segment_of(w));
        h.box = hull(h.box, made_[w][n]);
        x_.share(w, n).home = home;
      }
    }
  }

  void connect(int t, int n) {
    std::map<int, std::vector<const Need*>> far;  // by segment
    for (const Need& need : needs_[n]) {
      Source& source = x_.share(need.layer, n).sources[need.operand];
      source.box = need.box;
      for (int h : local_[n]) {
        Home& home = x_.homes[h];
        if (!contains(home.box, need.box)) continue;
        source.home = h;
        home.last_segment = std::max(home.last_segment, need.segment);
      }
      if (source.home < 0) far[need.segment].push_back(&need);
    }
    for (const auto& [segment, list] : far) {
      if (only_ && segment == kBefore) continue;
      Gather g{.node = n, .tensor = t, .segment = segment};
      for (const Need* need : list) g.box = hull(g.box, need->box);
      const int index = static_cast<int>(x_.gathers.size());
      for (const Need* need : list) {
        x_.share(need->layer, n).sources[need->operand].gather = index;
      }
      fill(g, index);
      x_.gathers.push_back(std::move(g));
    }
  }

  // Adds the copies and streams that fill a gather.
  void fill(Gather& g, int index) {
    for (int h : local_[g.node]) {
      Home& home = x_.homes[h];
      if (home.input < 0 && !home.kept) continue;
      copy(g, h, home.box);
    }
    if (in_tiles_) return fill_from_tiles(g, index);
    for (const Use& w : s_.uses[g.tensor].writers) {
      if (w.owner != Owner::kActor) continue;
      const Box& here = made_[w.index][g.node];
      if (!here.empty()) copy(g, x_.share(w.index, g.node).home, here);
      for (int m = 0; m < s_.nodes; ++m) {
        if (m == g.node) continue;
        fill_from(x_.share(w.index, m).home, s_.own[w.index][m], here, g,
                  index);
      }
    }
  }

  // In tiles a node owns what it has of all tiles, in one home.
  void fill_from_tiles(Gather& g, int index) {
    for (int m = 0; m < s_.nodes; ++m) {
      for (const int h : local_[m]) {
        const Box own = x_.homes[h].box;
        m == g.node ? copy(g, h, own) : fill_from(h, own, {}, g, index);
      }
    }
  }

  void fill_from(int number, const Box& own, const Box& here, Gather& g,
                 int index) {
    const Box part = common(own, g.box);
    if (part.empty() || (!here.empty() && contains(here, part))) return;
    Home& home = x_.homes[number];
    home.last_segment = std::max(home.last_segment, g.segment);
    if (only_ && g.segment != kHere) return;
    send(number, part, here, g, index);
  }

  void copy(Gather& g, int home, const Box& box) {
    const Box part = common(box, g.box);
    if (part.empty()) return;
    g.copies.push_back({home, part});
    Home& from = x_.homes[home];
    from.last_segment = std::max(from.last_segment, g.segment);
  }

  void send(int home, const Box& part, const Box& here, const Gather& g,
            int index) {
    const std::vector<Box> boxes =
        here.empty() ? std::vector<Box>{part} : without(part, here);
    for (const Box& box : boxes) {
      int at = newest_[home];
      while (at >= 0 && (x_.streams[at].segment != g.segment ||
                         x_.streams[at].box != box)) {
        at = older_[at];
      }
      if (at < 0) {
        at = static_cast<int>(x_.streams.size());
        older_.push_back(newest_[home]);
        newest_[home] = at;
        x_.streams.push_back({g.tensor, g.segment, box, home});
      }
      x_.streams[at].gathers.push_back(index);
    }
  }

  void add_outputs(int t) {
    for (const Use& r : s_.uses[t].readers) {
      if (r.owner != Owner::kOutput) continue;
      for (int n = 0; n < s_.nodes; ++n) {
        for (int h : local_[n]) {
          const Home& home = x_.homes[h];
          if (home.input < 0 || n > 0) continue;
          add_output(r, h,
                     common(net_.inputs[home.input].place.view.box, r.box));
        }
        for (const Use& w : s_.uses[t].writers) {
          if (w.owner != Owner::kActor) continue;
          const int home = x_.share(w.index, n).home;
          if (home < 0) continue;
          add_output(r, home, common(s_.own[w.index][n], r.box));
        }
      }
    }
  }
  void add_output(const Use& r, int home, const Box& box) {
    if (!box.empty()) x_.outputs.push_back({r.index, home, box});
  }

  // The sums of each owner's slice go from node to node, and last to the owner.
  void add_chain(int l) {
    const std::vector<Share>& chain = s_.chain[l];
    const int n = static_cast<int>(chain.size());
    for (int owner = 0; owner < n; ++owner) {
      if (chain[owner].own.empty()) continue;
      for (int i = 1; i < n; ++i) {
        const Box& box = chain[owner].own;
        const auto partial = static_cast<int>(x_.partials.size());
        x_.partials.push_back({l, chain[(owner + i) % n].node,
                               chain[(owner + i + 1) % n].node, box});
        x_.streams.push_back({.tensor = net_.layers[l].out.tensor,
                              .segment = segment_of(l),
                              .box = box,
                              .partial = partial});
      }
    }
  }

  const CutNet& s_;
  const Net& net_;
  const MadeBoxes& made_;
  const std::optional<Segment> only_;
  Segment layers_;            // for which the exchange is found
  std::vector<int> segment_;  // by layer; empty: there is only one
  std::vector<int> tensors_;  // that are touched
  Exchange x_;
  std::vector<std::vector<Need>> needs_;  // of the tensor, by node
  std::vector<std::vector<int>> local_;   // its homes, by node
  bool in_tiles_ = false;  // all writers are in segments before readers
  // Streams of a home: the newest one, and the one before each; -1: none.
  std::vector<int> newest_, older_;
};

}  // namespace

// Each node assigns what it reads of a variable in the next frame, so that no
// other node need keep it. An assignment may read another variable, or its own,
// so the boxes may have to grow several times.
std::optional<MadeBoxes> made_boxes(const CutNet& s, const Segments& segments) {
  MadeBoxes made(s.net.layers.size());
  for (size_t i = segments.size(); i-- > 0;) {
    if (!compute_boxes(s, segments[i], made)) return std::nullopt;
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (const NetVariable& v : s.net.variables) {
      const std::vector<Box> boxes = kept_boxes(s, v, made);
      for (const Use& w : s.uses[v.after].writers) {
        if (made[w.index] == boxes) continue;
        made[w.index] = boxes;
        grown = true;
      }
    }
  }
  return made;
}

Exchange find_exchange(const CutNet& cut, const Segments& segments,
                       const MadeBoxes& made) {
  return Finder(cut, segments, made, std::nullopt).find();
}

Exchange find_exchange(const CutNet& cut, Segment segment,
                       const MadeBoxes& made) {
  return Finder(cut, {}, made, segment).find();
}

}  // namespace shoal
