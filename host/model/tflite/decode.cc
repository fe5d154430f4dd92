#include <algorithm>
#include <limits>

#include "host/base/error.h"
#include "host/model/tflite/metadata.h"
#include "host/model/tflite/options.h"

namespace shoal {
namespace {

template <class Vector>
std::vector<int> widened(const Vector* v, Budget& budget) {
  const auto list = budget.copy(v->values());
  return {list.begin(), list.end()};
}

std::vector<int> read_indexes(tflite::SparseIndexes type, const void* list,
                              Budget& budget) {
  if (list == nullptr) return {};
  switch (type) {
    case tflite::SparseIndexes::Int32Vector:
      return widened(static_cast<const tflite::Int32Vector*>(list), budget);
    case tflite::SparseIndexes::Uint16Vector:
      return widened(static_cast<const tflite::Uint16Vector*>(list), budget);
    case tflite::SparseIndexes::Uint8Vector:
      return widened(static_cast<const tflite::Uint8Vector*>(list), budget);
    default:
      return {};
  }
}

RawSparsity read_sparsity(const tflite::Sparsity& s, Budget& budget) {
  RawSparsity out;
  out.order = budget.copy(s.order());
  out.blocks = budget.copy(s.blocks());
  if (s.levels() == nullptr) return out;
  for (const auto* l : *s.levels()) {
    out.levels.push_back(
        {l->format() == 0, l->dense_size(),
         read_indexes(l->segments_type(), l->segments(), budget),
         read_indexes(l->indexes_type(), l->indexes(), budget)});
  }
  return out;
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
  if (t.sparsity() != nullptr) {
    out.sparsity = read_sparsity(*t.sparsity(), budget);
  }
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
  out.custom_options = budget.copy(op.custom_options());
  if (const auto* composite = op.more_options_as_Composite()) {
    out.options.subgraph = composite->subgraph();
  }
  return out;
}

RawSubgraph read_subgraph(const tflite::Model& model,
                          const tflite::SubGraph& graph,
                          const std::string& name, Budget& budget) {
  RawSubgraph out;
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
  return out;
}

std::vector<int> tensors_of(
    const flatbuffers::Vector<flatbuffers::Offset<tflite::SignatureEnd>>* ends,
    Budget& budget) {
  std::vector<int> tensors;
  if (ends == nullptr) return tensors;
  for (const auto* end : *ends) {
    budget.text(end->name());
    tensors.push_back(static_cast<int>(
        std::min<uint32_t>(end->tensor(), std::numeric_limits<int>::max())));
  }
  return tensors;
}

std::vector<RawSignature> read_signatures(const tflite::Model& model,
                                          Budget& budget) {
  std::vector<RawSignature> out;
  if (model.signatures() == nullptr) return out;
  for (const auto* s : *model.signatures()) {
    out.push_back({budget.text(s->key()),
                   static_cast<int>(std::min<uint32_t>(
                       s->subgraph(), std::numeric_limits<int>::max())),
                   tensors_of(s->inputs(), budget),
                   tensors_of(s->outputs(), budget)});
  }
  return out;
}

std::optional<Normalization> read_pixels(const tflite::Model& model,
                                         const RawModel& raw) {
  if (model.metadata() == nullptr) return std::nullopt;
  for (const auto* entry : *model.metadata()) {
    if (entry->name() == nullptr || entry->name()->str() != kMetadataName ||
        entry->buffer() >= raw.buffers.size()) {
      continue;
    }
    return read_metadata(raw.buffers[entry->buffer()]);
  }
  return std::nullopt;
}

RawModel read_model(const tflite::Model& model, const std::string& name,
                    Budget& budget) {
  const size_t graphs =
      model.subgraphs() == nullptr ? 0 : model.subgraphs()->size();
  if (graphs == 0) throw Error(Exit::kCorrupt, name + ": has no subgraph");
  RawModel out;
  const tflite::SubGraph& graph = *model.subgraphs()->Get(0);
  RawSubgraph first = read_subgraph(model, graph, name, budget);
  out.tensors = std::move(first.tensors);
  out.ops = std::move(first.ops);
  for (size_t i = 1; i < graphs; ++i) {
    const auto at = static_cast<flatbuffers::uoffset_t>(i);
    out.subgraphs.push_back(
        read_subgraph(model, *model.subgraphs()->Get(at), name, budget));
  }
  out.inputs = std::move(first.inputs);
  out.outputs = std::move(first.outputs);
  out.signatures = read_signatures(model, budget);
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
  out.pixels = read_pixels(model, out);
  return out;
}

}  // namespace

// The identifier alone may be the begin of an ONNX file's producer.
bool is_tflite(std::span<const uint8_t> file) {
  return file.size() >= 16 && file.size() < FLATBUFFERS_MAX_BUFFER_SIZE &&
         tflite::ModelBufferHasIdentifier(file.data()) &&
         flatbuffers::ReadScalar<flatbuffers::uoffset_t>(file.data()) <
             file.size();
}

RawModel decode(std::span<const uint8_t> file, const std::string& name) {
  // Tables are a few levels deep, and the smallest one takes 8 bytes with
  // the reference to it; shared tables count each time.
  constexpr flatbuffers::uoffset_t kDepth = 16;
  const auto tables = static_cast<flatbuffers::uoffset_t>(file.size() / 8 + 16);
  if (!is_tflite(file)) {
    throw Error(
        Exit::kCorrupt, name + ": is not a .tflite file",
        "give a .tflite file, or one in ONNX format whose name ends in .onnx");
  }
  flatbuffers::Verifier verifier(file.data(), file.size(), kDepth, tables);
  if (!tflite::VerifyModelBuffer(verifier)) {
    throw Error(
        Exit::kCorrupt,
        name +
            ": is damaged, because a table or vector reaches outside the file");
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
