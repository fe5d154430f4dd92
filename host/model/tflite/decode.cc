#include <cstring>

#include "host/base/error.h"
#include "host/model/tflite/raw_model.h"
#include "tflite_generated.h"

namespace shoal {
namespace {

// Flatbuffers may point at one vector many times; what is copied out of them
// stays within a small multiple of the file.
class Budget {
 public:
  Budget(size_t file_bytes, const std::string& name)
      : left_(4 * file_bytes + 65536), name_(name) {}

  // The Verifier does not see to the alignment of 8-byte elements, so they
  // are copied as bytes.
  template <class T>
  std::vector<T> copy(const flatbuffers::Vector<T>* v) {
    if (v == nullptr) return {};
    take(v->size() * sizeof(T));
    std::vector<T> out(v->size());
    if (!out.empty()) std::memcpy(out.data(), v->Data(), v->size() * sizeof(T));
    for (T& value : out) value = flatbuffers::EndianScalar(value);
    return out;
  }
  std::string text(const flatbuffers::String* s) {
    if (s == nullptr) return {};
    take(s->size());
    std::string out(s->c_str(), s->size());
    for (char& c : out) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    return out;
  }

 private:
  void take(size_t bytes) {
    if (bytes > left_) {
      throw Error(Exit::kCorrupt,
                  name_ + ": its tables unfold to many times the file's size");
    }
    left_ -= bytes;
  }

  size_t left_;
  const std::string& name_;
};

template <class T>
void read_stride(const T& t, RawOptions& o) {
  o.padding = t.padding();
  o.stride_h = t.stride_h();
  o.stride_w = t.stride_w();
  o.activation = t.activation();
}

template <class T>
void read_dilation(const T& t, RawOptions& o) {
  o.dilation_h = t.dilation_h();
  o.dilation_w = t.dilation_w();
}

void read_strided_slice(const tflite::StridedSlice& t, RawOptions& o) {
  o.begin_mask = t.begin_mask();
  o.end_mask = t.end_mask();
  o.ellipsis_mask = t.ellipsis_mask();
  o.new_axis_mask = t.new_axis_mask();
  o.shrink_axis_mask = t.shrink_axis_mask();
  o.offset = t.offset();
}

RawOptions read_window_options(const tflite::Operator& op) {
  RawOptions o;
  if (const auto* conv = op.options_as_Conv2d()) {
    read_stride(*conv, o);
    read_dilation(*conv, o);
  } else if (const auto* depthwise = op.options_as_DepthwiseConv2d()) {
    read_stride(*depthwise, o);
    read_dilation(*depthwise, o);
    o.depth_multiplier = depthwise->depth_multiplier();
  } else if (const auto* pool = op.options_as_Pool2d()) {
    read_stride(*pool, o);
    o.filter_h = pool->filter_h();
    o.filter_w = pool->filter_w();
  } else if (const auto* up = op.options_as_TransposeConv()) {
    read_stride(*up, o);
  }
  return o;
}

RawOptions read_options(const tflite::Operator& op, Budget& budget) {
  RawOptions o = read_window_options(op);
  if (op.options() == nullptr) return o;
  o.code = static_cast<int>(op.options_type());
  if (const auto* full = op.options_as_FullyConnected()) {
    o.activation = full->activation();
    o.weights_format = full->weights_format();
    o.keep_num_dims = full->keep_num_dims();
  } else if (const auto* softmax = op.options_as_Softmax()) {
    o.value = softmax->beta();
  } else if (const auto* concat = op.options_as_Concatenation()) {
    o.axis = concat->axis();
    o.activation = concat->activation();
  } else if (const auto* add = op.options_as_Add()) {
    o.activation = add->activation();
  } else if (const auto* mul = op.options_as_Mul()) {
    o.activation = mul->activation();
  } else if (const auto* sub = op.options_as_Sub()) {
    o.activation = sub->activation();
  } else if (const auto* s2d = op.options_as_SpaceToDepth()) {
    o.block = s2d->block();
  } else if (const auto* d2s = op.options_as_DepthToSpace()) {
    o.block = d2s->block();
  } else if (const auto* reducer = op.options_as_Reducer()) {
    o.keep_dims = reducer->keep_dims();
  } else if (const auto* squeeze = op.options_as_Squeeze()) {
    o.dims = budget.copy(squeeze->dims());
  } else if (const auto* reshape = op.options_as_Reshape()) {
    o.dims = budget.copy(reshape->new_shape());
  } else if (const auto* slice = op.options_as_StridedSlice()) {
    read_strided_slice(*slice, o);
  } else if (const auto* split = op.options_as_Split()) {
    o.num_splits = split->num_splits();
  } else if (const auto* resize = op.options_as_ResizeNearestNeighbor()) {
    o.align_corners = resize->align_corners();
    o.half_pixel_centers = resize->half_pixel_centers();
  } else if (const auto* leaky = op.options_as_LeakyRelu()) {
    o.value = leaky->alpha();
  }
  return o;
}

RawTensor read_tensor(const tflite::Tensor& t, Budget& budget) {
  RawTensor out;
  out.name = budget.text(t.name());
  out.type = t.type();
  out.shape = budget.copy(t.shape());
  out.signature = budget.copy(t.signature());
  out.buffer = t.buffer();
  if (const auto* q = t.quantization()) {
    out.scale = budget.copy(q->scale());
    out.zero = budget.copy(q->zero_point());
    out.axis = q->axis();
  }
  out.variable = t.is_variable();
  out.sparse = t.sparsity() != nullptr;
  return out;
}

// Numbers from 127 on do not fit the old one-byte field, which then holds
// 127; files older than the new field leave that 0.
RawOp read_op(const tflite::Model& model, const tflite::Operator& op,
              int number, const std::string& name, Budget& budget) {
  const auto* codes = model.operator_codes();
  if (codes == nullptr || op.opcode_index() >= codes->size()) {
    throw Error(Exit::kCorrupt, name + ": op " + std::to_string(number) +
                                    ": operator code index " +
                                    std::to_string(op.opcode_index()) +
                                    " is out of range");
  }
  const tflite::OperatorCode& code = *codes->Get(op.opcode_index());
  RawOp out;
  out.code = std::max<int>(code.code(), code.deprecated_code());
  out.custom = budget.text(code.custom());
  out.version = code.version();
  out.inputs = budget.copy(op.inputs());
  out.outputs = budget.copy(op.outputs());
  out.options = read_options(op, budget);
  return out;
}

RawModel read_model(const tflite::Model& model, const std::string& name,
                    Budget& budget) {
  const size_t graphs =
      model.subgraphs() == nullptr ? 0 : model.subgraphs()->size();
  if (graphs == 0) throw Error(Exit::kCorrupt, name + ": has no subgraph");
  if (graphs > 1) {
    throw Error(Exit::kUnsupported,
                name + ": has " + std::to_string(graphs) +
                    " subgraphs; control flow is not supported");
  }
  RawModel out;
  const tflite::SubGraph& graph = *model.subgraphs()->Get(0);
  if (graph.tensors() != nullptr) {
    for (const auto* t : *graph.tensors()) {
      out.tensors.push_back(read_tensor(*t, budget));
    }
  }
  if (graph.operators() != nullptr) {
    for (const auto* op : *graph.operators()) {
      const int number = static_cast<int>(out.ops.size());
      out.ops.push_back(read_op(model, *op, number, name, budget));
    }
  }
  out.inputs = budget.copy(graph.inputs());
  out.outputs = budget.copy(graph.outputs());
  if (model.buffers() != nullptr) {
    for (const auto* b : *model.buffers()) {
      if (b->offset() > 1 || b->size() > 1) {
        throw Error(Exit::kUnsupported,
                    name + ": keeps its weights outside the flatbuffer");
      }
      out.buffers.emplace_back();
      if (b->data() != nullptr) {
        out.buffers.back() = {b->data()->data(), b->data()->size()};
      }
    }
  }
  return out;
}

}  // namespace

bool is_tflite(std::span<const uint8_t> file) {
  return file.size() >= 16 && file.size() < FLATBUFFERS_MAX_BUFFER_SIZE &&
         tflite::ModelBufferHasIdentifier(file.data());
}

RawModel decode(std::span<const uint8_t> file, const std::string& name) {
  // Tables are a few levels deep, and the smallest one takes 8 bytes with
  // the reference to it; shared tables count each time.
  constexpr flatbuffers::uoffset_t kDepth = 16;
  const auto tables = static_cast<flatbuffers::uoffset_t>(file.size() / 8 + 16);
  if (!is_tflite(file)) {
    throw Error(Exit::kCorrupt, name + ": is not a .tflite file");
  }
  flatbuffers::Verifier verifier(file.data(), file.size(), kDepth, tables);
  if (!tflite::VerifyModelBuffer(verifier)) {
    throw Error(Exit::kCorrupt,
                name +
                    ": is damaged: a table or vector reaches outside the "
                    "file");
  }
  const tflite::Model& model = *tflite::GetModel(file.data());
  if (model.version() != 3) {
    throw Error(Exit::kUnsupported, name + ": schema version " +
                                        std::to_string(model.version()) +
                                        ", expected 3");
  }
  Budget budget(file.size(), name);
  return read_model(model, name, budget);
}

}  // namespace shoal
