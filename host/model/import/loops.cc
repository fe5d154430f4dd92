// Loops: a WHILE over the rows of sequences becomes the operators of its body,
// which compute whole sequences, and a DELAY for each state (see
// host/model/graph/loops.h). What its variables are follows from the body:
// a number of the step, sequences that it does not change, rows of which each
// step writes one, and states.
#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "host/base/printable.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

constexpr int kRowsFill = 94, kRowUpdate = 151;

int code_of(OpKind kind) { return op_info(kind).code; }

constexpr const char* kForm =
    "; only loops over the rows of a sequence are computed: one number counts "
    "up to the last row, GATHER reads a row, DYNAMIC_UPDATE_SLICE writes one";

class LoopUnfolding {
 public:
  LoopUnfolding(RawModel& raw, MadeBytes& made, const std::string& name)
      : raw_(raw), made_(made), name_(name) {}

  void run() {
    const auto is_loop = [](const RawOp& op) { return op.code == kWhileCode; };
    if (std::ranges::none_of(raw_.ops, is_loop)) return;
    const std::vector<RawOp> ops = std::move(raw_.ops);
    raw_.ops.clear();
    for (at_ = 0; at_ < ops.size(); ++at_) {
      if (is_loop(ops[at_])) {
        LoopOf(*this, ops, ops[at_]).unfold();
      } else {
        raw_.ops.push_back(ops[at_]);
      }
    }
    drop_empty_rows();
  }

 private:
  [[noreturn]] void fail(Exit code, const std::string& reason) const {
    const std::string kind =
        code == Exit::kUnsupported ? ": not supported:\n  " : ": ";
    throw Error(code, text(name_, kind, "op ", at_, " WHILE: ", reason));
  }

  // The rows before the first step are not read.
  void drop_empty_rows() {
    std::set<int> read(raw_.outputs.begin(), raw_.outputs.end());
    for (const RawOp& op : raw_.ops) {
      read.insert(op.inputs.begin(), op.inputs.end());
    }
    std::erase_if(raw_.ops, [&](const RawOp& op) {
      return (op.code == kRowsFill || op.code == code_of(OpKind::kPad)) &&
             op.outputs.size() == 1 && empty_.contains(op.outputs[0]) &&
             !read.contains(op.outputs[0]);
    });
  }

  // One of them.
  class LoopOf {
   public:
    LoopOf(LoopUnfolding& all, const std::vector<RawOp>& ops, const RawOp& op)
        : all_(all), raw_(all.raw_), ops_(ops), op_(op) {}

    void unfold() {
      check_form();
      steps_ = count_steps();
      sort_variables();
      add_delays();
      for (const RawOp& op : body_->ops) {
        if (!about_.contains(&op)) add(op);
      }
      put_rows();
      put_ends();
    }

   private:
    [[noreturn]] void corrupt(const std::string& reason) const {
      all_.fail(Exit::kCorrupt, reason);
    }
    [[noreturn]] void refuse(const std::string& reason) const {
      all_.fail(Exit::kUnsupported, reason + kForm);
    }

    const RawSubgraph& subgraph(int number) const {
      if (number < 1 || static_cast<size_t>(number) > raw_.subgraphs.size()) {
        corrupt(
            text("runs subgraph ", number, " of ", raw_.subgraphs.size() + 1));
      }
      const RawSubgraph& s = raw_.subgraphs[static_cast<size_t>(number) - 1];
      const auto check = [&](const std::vector<int>& list, bool may_lack) {
        for (const int t : list) {
          if (may_lack && t == -1) continue;
          if (t < 0 || static_cast<size_t>(t) >= s.tensors.size()) {
            corrupt(text("subgraph ", number, ": tensor ", t, " of ",
                         s.tensors.size()));
          }
        }
      };
      check(s.inputs, false);
      check(s.outputs, false);
      for (const RawOp& op : s.ops) {
        check(op.inputs, true);
        check(op.outputs, false);
      }
      return s;
    }

    void check_form() {
      if (op_.options.code != static_cast<int>(OptionsCode::kWhile)) {
        corrupt("names no subgraphs");
      }
      condition_ = &subgraph(op_.options.condition);
      body_ = &subgraph(op_.options.subgraph);
      const size_t n = op_.inputs.size();
      if (op_.outputs.size() != n || body_->inputs.size() != n ||
          body_->outputs.size() != n || condition_->inputs.size() != n ||
          condition_->outputs.size() != 1) {
        corrupt(text("has ", n, " inputs, its subgraphs other ends"));
      }
      for (const auto* list : {&op_.inputs, &op_.outputs}) {
        for (const int t : *list) {
          if (t < 0 || static_cast<size_t>(t) >= raw_.tensors.size()) {
            corrupt(text("tensor ", t, " of ", raw_.tensors.size()));
          }
        }
      }
      for (const RawOp& op : body_->ops) {
        if (op.code == kWhileCode) refuse("holds another loop");
        for (const int t : op.outputs) {
          if (!makers_.try_emplace(t, &op).second ||
              std::ranges::find(body_->inputs, t) != body_->inputs.end()) {
            corrupt("a tensor of its body is made twice");
          }
        }
      }
    }

    const RawTensor& inner(int t) const {
      return body_->tensors[static_cast<size_t>(t)];
    }
    const RawTensor& outer(int t) const {
      return raw_.tensors[static_cast<size_t>(t)];
    }
    std::span<const uint8_t> bytes(const RawTensor& t) const {
      if (t.buffer >= raw_.buffers.size()) return {};
      return raw_.buffers[t.buffer];
    }
    bool is_number(const RawTensor& t, int value) const {
      const std::optional<int> is = number(t);
      return is && *is == value;
    }
    std::optional<int> number(const RawTensor& t) const {
      const auto data = bytes(t);
      int32_t v = 0;
      if (t.type != kCodeInt32 || data.size() != sizeof v) return std::nullopt;
      std::memcpy(&v, data.data(), sizeof v);
      return v;
    }
    const RawOp* maker(int t) const {
      const auto at = makers_.find(t);
      return at == makers_.end() ? nullptr : at->second;
    }
    bool is_made_by(int t, int code, size_t inputs) const {
      const RawOp* op = maker(t);
      return op != nullptr && op->code == code && op->inputs.size() == inputs &&
             op->outputs.size() == 1 &&
             std::ranges::find(op->inputs, -1) == op->inputs.end();
    }

    // The loop ends when a number that begins with 0 is the number of steps.
    int count_steps() {
      const auto& ops = condition_->ops;
      const bool compares =
          ops.size() == 1 && ops[0].code == code_of(OpKind::kLess) &&
          ops[0].inputs.size() == 2 && ops[0].outputs == condition_->outputs &&
          std::ranges::find(ops[0].inputs, -1) == ops[0].inputs.end();
      if (!compares) refuse("ends by another condition than a number of steps");
      const auto variable =
          std::ranges::find(condition_->inputs, ops[0].inputs[0]);
      const auto end =
          number(condition_->tensors[static_cast<size_t>(ops[0].inputs[1])]);
      if (variable == condition_->inputs.end() || !end || *end < 1) {
        refuse("ends by another condition than a number of steps");
      }
      counter_ = static_cast<size_t>(variable - condition_->inputs.begin());
      const int next = body_->outputs[counter_];
      if (!is_number(outer(op_.inputs[counter_]), 0) ||
          !is_made_by(next, code_of(OpKind::kAdd), 2) ||
          !counts(*maker(next))) {
        refuse("does not count its steps from 0 by one");
      }
      about_.insert(maker(next));
      return *end;
    }
    bool counts(const RawOp& add) const {
      const int step = body_->inputs[counter_];
      const int a = add.inputs[0], b = add.inputs[1];
      return (a == step && is_number(inner(b), 1)) ||
             (b == step && is_number(inner(a), 1));
    }

    void sort_variables() {
      for (size_t v = 0; v < op_.inputs.size(); ++v) {
        if (v == counter_) continue;
        const int before = body_->inputs[v], after = body_->outputs[v];
        if (before == after) {
          unchanged_.push_back(v);
        } else if (is_made_by(after, kRowUpdate, 3) &&
                   maker(after)->inputs[0] == before) {
          rows_.push_back(v);
        } else if (maker(after) != nullptr) {
          states_.push_back(v);
        } else {
          refuse("changes its variables' places");
        }
      }
      if (states_.empty()) refuse("keeps no state");
    }

    // A tensor of the model with a row for each step.
    int sequence(int t) {
      const auto [at, is_new] = places_.try_emplace(t, -1);
      if (!is_new) return at->second;
      RawTensor made = inner(t);
      if (bytes(made).empty()) {
        const bool is_row = made.shape.size() == 2 && made.shape[0] == 1;
        if (!is_row) {
          refuse(text("'", printable(made.name), "' of its body has shape ",
                      shape_text(made.shape), ", not that of a row"));
        }
        made.shape[0] = steps_;
      }
      made.variable = false;
      made.signature.clear();
      raw_.tensors.push_back(std::move(made));
      return at->second = static_cast<int>(raw_.tensors.size()) - 1;
    }

    void add_delays() {
      for (const size_t v : unchanged_) {
        const RawTensor& whole = outer(op_.inputs[v]);
        for (const RawOp& op : body_->ops) {
          const bool slices =
              op.code == code_of(OpKind::kSlice) && op.inputs.size() == 3;
          const bool gathers =
              op.code == code_of(OpKind::kGather) && op.inputs.size() == 2;
          if (!(slices || gathers) || op.outputs.size() != 1 ||
              op.inputs[0] != body_->inputs[v]) {
            continue;
          }
          if (slices && is_row_of_step(op)) {
            if (whole.shape.size() != 2 || whole.shape[0] != steps_) {
              refuse("reads something else than the row of the step");
            }
            places_[op.outputs[0]] = op_.inputs[v];
            about_.insert({&op, maker(op.inputs[1])});
            continue;
          }
          if (slices || op.inputs[1] != body_->inputs[counter_] ||
              op.options.axis != 0 || op.options.batch_dims != 0 ||
              whole.shape.size() != 2 || whole.shape[0] != steps_) {
            refuse("reads something else than the row of the step");
          }
          places_[op.outputs[0]] = op_.inputs[v];
          about_.insert(&op);
        }
      }
      for (const size_t v : states_) {
        RawOp delay;
        delay.code = kWhileCode;
        delay.options.code = static_cast<int>(OptionsCode::kWhile);
        delay.number = op_.number;
        delay.inputs = {op_.inputs[v], sequence(body_->outputs[v])};
        delay.outputs = {sequence(body_->inputs[v])};
        raw_.ops.push_back(std::move(delay));
      }
      for (const size_t v : rows_) find_row(v);
    }

    // Returns whether a tensor is the number of the step and 0.
    bool is_place_of_step(int place) const {
      const bool joins =
          is_made_by(place, code_of(OpKind::kConcatenation), 2) ||
          is_made_by(place, code_of(OpKind::kPack), 2);
      return joins && maker(place)->inputs[0] == body_->inputs[counter_] &&
             is_number(inner(maker(place)->inputs[1]), 0);
    }
    bool is_row_of_step(const RawOp& slice) const {
      if (std::ranges::find(slice.inputs, -1) != slice.inputs.end()) {
        return false;
      }
      const RawTensor& size = inner(slice.inputs[2]);
      const auto data = bytes(size);
      int32_t rows_and_columns[2];
      if (size.type != kCodeInt32 || data.size() != sizeof rows_and_columns) {
        return false;
      }
      std::memcpy(rows_and_columns, data.data(), data.size());
      const Shape& whole = inner(slice.inputs[0]).shape;
      return is_place_of_step(slice.inputs[1]) && whole.size() == 2 &&
             rows_and_columns[0] == 1 && rows_and_columns[1] == whole[1];
    }

    // Notes the operators that write the row of a step.
    void find_row(size_t v) {
      const RawOp& update = *maker(body_->outputs[v]);
      const int place = update.inputs[2];
      if (!is_place_of_step(place)) {
        refuse("writes something else than the row of the step");
      }
      const Shape& whole = outer(op_.outputs[v]).shape;
      if (whole.size() != 2 || whole[0] != steps_) {
        refuse(text("writes rows of a result of shape ", shape_text(whole)));
      }
      about_.insert({&update, maker(place)});
      all_.empty_.insert(op_.inputs[v]);
    }

    void add(const RawOp& op) {
      RawOp step = op;
      for (auto* list : {&step.inputs, &step.outputs}) {
        for (int& t : *list) {
          if (t == -1) continue;
          check_read(t);
          t = sequence(t);
        }
      }
      step.number = op_.number;
      raw_.ops.push_back(std::move(step));
    }
    void check_read(int t) const {
      const auto at = std::ranges::find(body_->inputs, t);
      if (at == body_->inputs.end()) return;
      const auto v = static_cast<size_t>(at - body_->inputs.begin());
      if (std::ranges::find(states_, v) == states_.end()) {
        refuse("computes with a variable that is no state");
      }
    }

    // The sequence of each step's row is the result.
    void put_rows() {
      for (const size_t v : rows_) {
        const int row = maker(body_->outputs[v])->inputs[1];
        if (maker(row) == nullptr || !places_.contains(row)) {
          refuse("writes a row that no step makes");
        }
        const int old = places_[row], result = op_.outputs[v];
        for (RawOp& op : raw_.ops) {
          std::ranges::replace(op.inputs, old, result);
          std::ranges::replace(op.outputs, old, result);
        }
        places_[row] = result;
      }
    }

    bool is_read(int t) const {
      if (std::ranges::find(raw_.outputs, t) != raw_.outputs.end()) return true;
      return std::ranges::any_of(ops_, [t](const RawOp& op) {
        return std::ranges::find(op.inputs, t) != op.inputs.end();
      });
    }

    int constant(const std::vector<int32_t>& numbers, const std::string& name) {
      std::vector<uint8_t> data(numbers.size() * sizeof(int32_t));
      std::memcpy(data.data(), numbers.data(), data.size());
      all_.made_.push_back(std::move(data));
      RawTensor t;
      t.name = name;
      t.type = kCodeInt32;
      t.shape = {static_cast<int>(numbers.size())};
      t.buffer = static_cast<uint32_t>(raw_.buffers.size());
      raw_.buffers.emplace_back(all_.made_.back());
      raw_.tensors.push_back(std::move(t));
      return static_cast<int>(raw_.tensors.size()) - 1;
    }

    // The states behind the last step, and what has not changed.
    void put_ends() {
      for (const size_t v : states_) {
        const int end = op_.outputs[v];
        if (!is_read(end)) continue;
        const Shape shape = outer(end).shape;
        if (shape.size() != 2 || shape[0] != 1) {
          refuse(text("a state of shape ", shape_text(shape)));
        }
        const std::string name = outer(end).name;
        RawOp slice;
        slice.code = code_of(OpKind::kSlice);
        slice.options.code = static_cast<int>(OptionsCode::kSlice);
        slice.number = op_.number;
        slice.inputs = {places_[body_->outputs[v]],
                        constant({steps_ - 1, 0}, name + ":begin"),
                        constant({1, shape[1]}, name + ":size")};
        slice.outputs = {end};
        raw_.ops.push_back(std::move(slice));
      }
      std::vector<size_t> others = unchanged_;
      others.push_back(counter_);
      for (const size_t v : others) {
        if (is_read(op_.outputs[v])) {
          refuse("hands on what its steps do not compute");
        }
      }
    }

    LoopUnfolding& all_;
    RawModel& raw_;
    const std::vector<RawOp>& ops_;  // of the model
    const RawOp& op_;
    const RawSubgraph *condition_ = nullptr, *body_ = nullptr;
    std::map<int, const RawOp*> makers_;  // of tensors of the body
    std::set<const RawOp*> about_;  // operators about rows and their number
    size_t counter_ = 0;            // these are numbers of variables
    std::vector<size_t> unchanged_, rows_, states_;
    std::map<int, int> places_;  // tensors of the model, by those of the body
    int steps_ = 0;
  };

  RawModel& raw_;
  MadeBytes& made_;
  const std::string& name_;
  size_t at_ = 0;
  std::set<int> empty_;  // tensors of rows before the first step
};

}  // namespace

void unfold_loops(RawModel& raw, MadeBytes& made, const std::string& name) {
  LoopUnfolding(raw, made, name).run();
}

}  // namespace shoal
