#include "host/model/import/import.h"

#include <algorithm>
#include <map>

#include "host/base/error.h"
#include "host/model/graph/loops.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

class ModelConversion {
 public:
  ModelConversion(RawModel raw, size_t file_bytes, const std::string& name,
                  const ImportOptions& options,
                  std::optional<DetectionOp>& detection)
      : raw_(std::move(raw)),
        file_bytes_(file_bytes),
        name_(name),
        options_(options),
        detection_(detection) {}

  Graph run() {
    choose_signature(raw_, options_, name_);
    inline_calls(raw_, name_);
    unfold_loops(raw_, made_, name_);
    refuse_compiled();
    find_variables(raw_, name_);
    find_states(raw_, name_);
    check_order(raw_, name_);
    if (options_.cuts()) {
      if (!raw_.variables.empty()) {
        throw Error(Exit::kUnsupported,
                    name_ +
                        ": --inputs and --outputs of a model that keeps "
                        "variables from frame to frame");
      }
      set_ends(raw_, options_, name_);
      check_order(raw_, name_);
    }
    const bool resized = resize();
    tell_open_inputs();
    rename_custom(raw_, made_);
    densify(raw_, made_,
            most_constant_bytes(file_bytes_, options_.constant_bytes), name_);
    unpack_int4(raw_, made_,
                most_constant_bytes(file_bytes_, options_.constant_bytes),
                name_);
    drop_constant_outputs(raw_, options_);
    widen_constants(raw_, made_);
    detection_ = take_detection(raw_);
    if (resized && detection_) {
      throw Error(Exit::kUnsupported,
                  name_ +
                      ": --input-shape of a detector whose anchors are for its "
                      "own",
                  "--outputs NAME ends the model before them");
    }
    narrow_longs(raw_, made_);
    number_ops();
    fold_integers(raw_, made_, resized, name_);
    choose_by_truths(raw_, made_);
    move_bytes(raw_, made_);
    widen_ends(raw_, made_);
    check_variables();
    // Each frame of a batch would have variables of its own.
    if (raw_.variables.empty() && !options_.whole_batch) split_batch();
    rescale_joins(raw_, made_);
    mark_functions(raw_);
    const TypeSurvey found = survey(raw_);
    if (!found.lines.empty()) {
      throw_unsupported(found.lines, found.fix, found.ops);
    }
    Graph graph;
    graph.name = name_;
    graph.tensors =
        convert_tensors(raw_, file_bytes_, options_.constant_bytes, name_);
    graph.inputs = raw_.inputs;
    graph.outputs = raw_.outputs;
    // They are about the first input of the file.
    if (graph.inputs.size() == 1 && options_.inputs.empty()) {
      graph.pixels = raw_.pixels;
    }
    add_variables(graph);
    convert_ops(graph, found.floats);
    keep_numbers(graph);
    fold_functions(graph, raw_);
    check_loops(graph);
    return graph;
  }

 private:
  [[noreturn]] void throw_unsupported(const std::vector<std::string>& lines,
                                      std::string fix,
                                      const std::set<int>& ops) const {
    std::string what = name_ + ": not supported:";
    for (const std::string& line : lines) what += "\n  " + line;
    const std::string ends = ends_fix(raw_, ops);
    if (!ends.empty()) fix += (fix.empty() ? "" : "\n  ") + ends;
    throw Error(Exit::kUnsupported, what, fix);
  }

  // A model that was compiled for an accelerator has none of its layers.
  void refuse_compiled() const {
    for (const RawOp& op : raw_.ops) {
      const bool vela = op.custom == "ethos-u";
      if (!vela && op.custom != "edgetpu-custom-op") continue;
      throw Error(Exit::kUnsupported,
                  name_ + ": compiled for " +
                      (vela ? "Arm's Ethos-U by Vela" : "Google's Edge TPU"),
                  "give the file that the compiler was given");
    }
  }

  void split_batch() {
    const int frames = unbatch(raw_);
    if (frames == 1 || !options_.tell) return;
    options_.tell(text("the first axis of the input is a batch of ", frames,
                       " frames: the model runs one frame at a time"));
  }

  void check_variables() const {
    for (const RawVariable& v : raw_.variables) {
      const int type = raw_.tensors[static_cast<size_t>(v.before)].type;
      if (type != kCodeFloat32) continue;
      throw Error(Exit::kUnsupported,
                  text(name_, ": not supported:\n  variable \"", v.name,
                       "\" is computed with in float32"));
    }
  }

  void check_loops(const Graph& graph) const {
    for (const Loop& loop : find_loops(graph)) {
      const std::string problem = loop_problem(graph, loop);
      if (problem.empty()) continue;
      throw Error(Exit::kUnsupported, name_ + ": not supported:\n  " + problem);
    }
  }

  // Operators that are folded later take no number from those behind them.
  void number_ops() {
    if (!raw_.variables.empty()) return;
    for (size_t i = 0; i < raw_.ops.size(); ++i) {
      raw_.ops[i].number = static_cast<int>(i);
    }
  }

  void keep_numbers(Graph& graph) const {
    if (!graph.file_numbers.empty()) return;
    std::vector<int> numbers;
    bool are_places = true;
    for (const RawOp& op : raw_.ops) {
      // One that a pass has added has no number in the file.
      if (op.number < 0) return;
      are_places = are_places && op.number == static_cast<int>(numbers.size());
      numbers.push_back(op.number);
    }
    if (!are_places) graph.file_numbers = std::move(numbers);
  }

  void add_variables(Graph& graph) const {
    for (const RawVariable& v : raw_.variables) {
      const Tensor& before = graph.tensors[static_cast<size_t>(v.before)];
      graph.variables.push_back({v.name, v.before, v.after, v.initial});
      if (before.type == before.file_type) continue;
      for (uint8_t& byte : graph.variables.back().initial) byte ^= 0x80;
    }
    if (raw_.variables.empty()) return;
    for (const RawOp& op : raw_.ops) graph.file_numbers.push_back(op.number);
  }

  void convert_ops(Graph& graph, bool floats) {
    std::vector<std::string> unsupported;
    std::set<int> numbers;
    for (size_t i = 0; i < raw_.ops.size(); ++i) {
      const OpInfo& info = *find_op(raw_.ops[i].code);
      const int number = static_cast<int>(i);
      try {
        graph.ops.push_back(
            convert_op(OpReader(raw_, graph, number, info,
                                floats || computes_function(raw_.ops[i]))));
      } catch (const Error& error) {
        if (error.code() != Exit::kUnsupported) throw;
        unsupported.push_back(error.what());
        numbers.insert(number);
      }
    }
    if (!unsupported.empty()) throw_unsupported(unsupported, "", numbers);
  }

  // Returns true if the operator computes in float32, unlike the rest of the
  // model.
  static bool computes_function(const RawOp& op) {
    return op.in_function && op.code != op_info(OpKind::kQuantize).code;
  }

  // Returns whether the options ask for shapes from which other shapes follow.
  bool resize() {
    if (!set_shapes(raw_, options_)) return false;
    if (raw_.variables.empty()) return true;
    throw Error(Exit::kUnsupported,
                name_ +
                    ": --input-shape of a model that keeps variables from "
                    "frame to frame");
  }

  void tell_open_inputs() const {
    if (!options_.tell) return;
    const auto asked = asked_shapes(options_);
    for (const int t : raw_.inputs) {
      const RawTensor& x = raw_.tensors[static_cast<size_t>(t)];
      const auto behind = [](const std::vector<int>& list) {
        return list.begin() + (list.empty() ? 0 : 1);
      };
      const bool open = std::find(behind(x.signature), x.signature.end(), -1) !=
                        x.signature.end();
      if (!open || asked.contains(x.name)) continue;
      options_.tell(text("model input ", tensor_title(raw_, t), " is open (",
                         shape_text(x.signature), "), ", shape_text(x.shape),
                         " is taken: --input-shape ",
                         "NAME=1x320x320x3 says another"));
    }
  }

  RawModel raw_;
  MadeBytes made_;
  size_t file_bytes_;
  const std::string& name_;
  const ImportOptions& options_;
  std::optional<DetectionOp>& detection_;
};

}  // namespace

Graph import_tflite(std::span<const uint8_t> file, const std::string& name,
                    const ImportOptions& options,
                    std::optional<DetectionOp>* detection) {
  std::optional<DetectionOp> unasked;
  std::optional<DetectionOp>& found =
      detection != nullptr ? *detection : unasked;
  const auto convert = [&](std::span<const uint8_t> bytes) {
    return ModelConversion(decode(bytes, name), file.size(), name, options,
                           found)
        .run();
  };
  // Flatbuffers reads words in place, so the bytes have to lie aligned.
  if (reinterpret_cast<uintptr_t>(file.data()) % 16 == 0) return convert(file);
  const std::vector<uint8_t> aligned(file.begin(), file.end());
  return convert(aligned);
}

}  // namespace shoal
