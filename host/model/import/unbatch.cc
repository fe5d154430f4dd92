// A batch of n is n frames: where every operator keeps the frames apart, one
// of them is what the model computes.
#include <algorithm>
#include <span>

#include "host/model/import/import_row.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

class Unbatching {
 public:
  explicit Unbatching(RawModel& raw) : raw_(raw) {}

  // Returns the frames of the batch; 1: it is none, or stays whole.
  int run() {
    find_batch();
    if (batch_ < 2) return 1;
    for (const RawOp& op : raw_.ops) {
      if (!keeps_apart(op)) return 1;
    }
    for (const int t : touched_) {
      RawTensor& tensor = raw_.tensors[static_cast<size_t>(t)];
      tensor.shape[0] /= batch_;
      tensor.signature.clear();
    }
    return batch_;
  }

 private:
  const RawTensor& tensor(int t) const {
    return raw_.tensors[static_cast<size_t>(t)];
  }
  std::span<const uint8_t> bytes(int t) const {
    const uint32_t buffer = tensor(t).buffer;
    if (buffer >= raw_.buffers.size()) return {};
    return raw_.buffers[buffer];
  }

  // That of all inputs, which are more than one axis. Only pictures certainly
  // have a batch as their first axis; of other inputs the file says so by
  // leaving it open. A fixed one may be steps in time, say.
  void find_batch() {
    const bool batched = std::ranges::any_of(raw_.inputs, [&](int t) {
      const RawTensor& x = tensor(t);
      return x.shape.size() >= 4 ||
             (!x.signature.empty() && x.signature[0] == -1);
    });
    if (!batched) return;
    for (const int t : raw_.inputs) {
      const std::vector<int>& shape = tensor(t).shape;
      const int first = shape.size() > 1 ? shape[0] : 0;
      if (batch_ != 0 && batch_ != first) first_differs_ = true;
      batch_ = first;
      touch(t);
    }
    if (first_differs_) batch_ = 0;
  }

  void touch(int t) {
    if (std::ranges::find(touched_, t) == touched_.end()) touched_.push_back(t);
  }

  bool keeps_apart(const RawOp& op) {
    const OpInfo* info = find_op(op.code);
    if (info == nullptr || !along_frames(op, info->kind)) return false;
    const size_t rank = op.outputs.empty() || op.outputs[0] < 0
                            ? 0
                            : tensor(op.outputs[0]).shape.size();
    for (const auto* list : {&op.inputs, &op.outputs}) {
      for (const int t : *list) {
        if (t < 0 || tensor(t).type == kCodeInt32) continue;
        const std::vector<int>& shape = tensor(t).shape;
        if (!bytes(t).empty()) {
          // A constant beside frames must not have its own for each.
          const bool weights = has_weights(info->kind);
          if (!weights && shape.size() == rank && !shape.empty() &&
              shape[0] != 1) {
            return false;
          }
          continue;
        }
        if (shape.empty() || shape[0] < 1 || shape[0] % batch_ != 0) {
          return false;
        }
        touch(t);
      }
    }
    return true;
  }

  bool along_frames(const RawOp& op, OpKind kind) const {
    const auto apart = import_row(kind).apart;
    try {
      return apart != nullptr && apart(RawOperands(raw_, op));
    } catch (const RawOperands::Unknown&) {
      return false;
    }
  }

  RawModel& raw_;
  int batch_ = 0;
  bool first_differs_ = false;
  std::vector<int> touched_;
};

bool begins_with_zeros(const std::vector<int32_t>& numbers, size_t count) {
  return numbers.size() >= count &&
         std::ranges::all_of(std::span(numbers).first(count),
                             [](int32_t v) { return v == 0; });
}

}  // namespace

namespace frames {

bool apart_with_axes(const RawOperands& r) { return r.rank(0) > 1; }

bool apart_in_join(const RawOperands& r) {
  return r.options().axis != 0 && r.options().axis != -r.rank(0);
}

bool apart_in_sums(const RawOperands& r) {
  return r.count() == 2 &&
         std::ranges::none_of(r.numbers(1), [rank = r.rank(0)](int axis) {
           return axis == 0 || axis == -rank;
         });
}

bool apart_in_border(const RawOperands& r) {
  return begins_with_zeros(r.numbers(1), 2);
}

bool apart_in_order(const RawOperands& r) {
  return r.count() == 2 && begins_with_zeros(r.numbers(1), 1);
}

}  // namespace frames

int unbatch(RawModel& raw) { return Unbatching(raw).run(); }

}  // namespace shoal
