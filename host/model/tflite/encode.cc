#include <algorithm>
#include <map>
#include <tuple>

#include "host/model/tflite/metadata.h"
#include "host/model/tflite/options.h"

namespace shoal {
namespace {

namespace fb = flatbuffers;
using Builder = fb::FlatBufferBuilder;

fb::Offset<tflite::Sparsity> write_sparsity(Builder& b, const RawSparsity& s) {
  const auto list = [&b](const std::vector<int>& values) {
    return tflite::CreateInt32Vector(b, b.CreateVector(values)).Union();
  };
  std::vector<fb::Offset<tflite::SparseLevel>> levels;
  for (const RawSparseLevel& l : s.levels) {
    if (l.dense) {
      levels.push_back(tflite::CreateSparseLevel(b, 0, l.size));
      continue;
    }
    constexpr auto kType = tflite::SparseIndexes::Int32Vector;
    const auto segments = list(l.segments), indexes = list(l.indexes);
    levels.push_back(tflite::CreateSparseLevel(b, 1, l.size, kType, segments,
                                               kType, indexes));
  }
  const auto order = b.CreateVector(s.order), blocks = b.CreateVector(s.blocks);
  return tflite::CreateSparsity(b, order, blocks, b.CreateVector(levels));
}

fb::Offset<tflite::Tensor> write_tensor(Builder& b, const RawTensor& t) {
  fb::Offset<tflite::Quantization> quantization;
  if (!t.scale.empty() || !t.zero.empty()) {
    const auto scale = b.CreateVector(t.scale);
    const auto zero = b.CreateVector(t.zero);
    quantization = tflite::CreateQuantization(b, scale, zero, t.axis);
  }
  fb::Offset<tflite::Sparsity> sparsity;
  if (t.sparsity) sparsity = write_sparsity(b, *t.sparsity);
  fb::Offset<fb::Vector<int>> signature;
  if (!t.signature.empty()) signature = b.CreateVector(t.signature);
  const auto shape = b.CreateVector(t.shape);
  const auto name = b.CreateString(t.name);
  return tflite::CreateTensor(b, shape, static_cast<int8_t>(t.type), t.buffer,
                              name, quantization, t.variable, sparsity,
                              signature);
}

fb::Offset<tflite::Buffer> write_buffer(Builder& b,
                                        std::span<const uint8_t> bytes) {
  if (bytes.empty()) return tflite::CreateBuffer(b);
  b.ForceVectorAlignment(bytes.size(), 1, 16);
  return tflite::CreateBuffer(b, b.CreateVector(bytes.data(), bytes.size()));
}

// Operators of one code and version share an entry.
class Codes {
 public:
  uint32_t index(const RawOp& op) {
    const auto next = static_cast<uint32_t>(numbers_.size());
    return numbers_.try_emplace({op.code, op.custom, op.version}, next)
        .first->second;
  }
  auto write(Builder& b) const {
    std::vector<fb::Offset<tflite::OperatorCode>> out(numbers_.size());
    for (const auto& [key, index] : numbers_) {
      const auto& [code, custom, version] = key;
      fb::Offset<fb::String> name;
      if (!custom.empty()) name = b.CreateString(custom);
      out[index] = tflite::CreateOperatorCode(
          b, static_cast<int8_t>(std::min(code, 127)), name, version, code);
    }
    return b.CreateVector(out);
  }

 private:
  std::map<std::tuple<int, std::string, int>, uint32_t> numbers_;
};

}  // namespace

int type_code(Type type) {
  switch (type) {
    case Type::kInt8:
      return kCodeInt8;
    case Type::kUint8:
      return kCodeUint8;
    case Type::kInt32:
      return kCodeInt32;
    case Type::kFloat32:
      return kCodeFloat32;
    case Type::kInt64:
      return kCodeInt64;
    case Type::kBool:
      return kCodeBool;
    case Type::kInt4:
      return kCodeInt4;
    case Type::kInt16:
      return kCodeInt16;
  }
  return -1;
}

namespace {

fb::Offset<tflite::SubGraph> write_subgraph(
    Builder& b, Codes& codes, const std::vector<RawTensor>& all_tensors,
    const std::vector<RawOp>& all_ops, const std::vector<int>& graph_inputs,
    const std::vector<int>& graph_outputs, const std::string& graph_name) {
  std::vector<fb::Offset<tflite::Tensor>> tensors;
  for (const RawTensor& t : all_tensors) {
    tensors.push_back(write_tensor(b, t));
  }
  std::vector<fb::Offset<tflite::Operator>> ops;
  for (const RawOp& op : all_ops) {
    const auto inputs = b.CreateVector(op.inputs);
    const auto outputs = b.CreateVector(op.outputs);
    const auto options = write_options(b, op.options);
    fb::Offset<fb::Vector<uint8_t>> custom;
    if (!op.custom_options.empty()) custom = b.CreateVector(op.custom_options);
    const bool composite = op.code == kCompositeCode;
    fb::Offset<void> more;
    if (composite) {
      more = tflite::CreateComposite(b, 0, op.options.subgraph).Union();
    }
    ops.push_back(tflite::CreateOperator(
        b, codes.index(op), inputs, outputs,
        static_cast<tflite::Options>(op.options.code), options, custom,
        composite ? tflite::MoreOptions::Composite : tflite::MoreOptions::NONE,
        more));
  }
  const auto written = b.CreateVector(tensors);
  const auto inputs = b.CreateVector(graph_inputs);
  const auto outputs = b.CreateVector(graph_outputs);
  const auto operators = b.CreateVector(ops);
  fb::Offset<fb::String> name;
  if (!graph_name.empty()) name = b.CreateString(graph_name);
  return tflite::CreateSubGraph(b, written, inputs, outputs, operators, name);
}

using Signatures = fb::Vector<fb::Offset<tflite::Signature>>;

fb::Offset<Signatures> write_signatures(
    Builder& b, const std::vector<RawSignature>& signatures) {
  if (signatures.empty()) return 0;
  std::vector<fb::Offset<tflite::Signature>> all;
  const auto ends = [&b](const std::vector<int>& tensors) {
    std::vector<fb::Offset<tflite::SignatureEnd>> list;
    for (const int t : tensors) {
      list.push_back(
          tflite::CreateSignatureEnd(b, 0, static_cast<uint32_t>(t)));
    }
    return b.CreateVector(list);
  };
  for (const RawSignature& s : signatures) {
    const auto inputs = ends(s.inputs), outputs = ends(s.outputs);
    const auto key = b.CreateString(s.key);
    all.push_back(tflite::CreateSignature(b, inputs, outputs, key,
                                          static_cast<uint32_t>(s.subgraph)));
  }
  return b.CreateVector(all);
}

}  // namespace

std::vector<uint8_t> encode(const RawModel& model) {
  Builder b;
  Codes codes;
  std::vector<fb::Offset<tflite::SubGraph>> subgraphs{
      write_subgraph(b, codes, model.tensors, model.ops, model.inputs,
                     model.outputs, model.graph_name)};
  for (const RawSubgraph& s : model.subgraphs) {
    subgraphs.push_back(
        write_subgraph(b, codes, s.tensors, s.ops, s.inputs, s.outputs, ""));
  }
  std::vector<fb::Offset<tflite::Buffer>> buffers;
  for (const auto& bytes : model.buffers) {
    buffers.push_back(write_buffer(b, bytes));
  }
  fb::Offset<fb::Vector<fb::Offset<tflite::Metadata>>> metadata;
  if (model.pixels) {
    const std::vector entries{tflite::CreateMetadataDirect(
        b, kMetadataName, static_cast<uint32_t>(buffers.size()))};
    buffers.push_back(write_buffer(b, write_metadata(*model.pixels)));
    metadata = b.CreateVector(entries);
  }
  fb::Offset<fb::String> description;
  if (!model.description.empty()) {
    description = b.CreateString(model.description);
  }
  const auto graphs = b.CreateVector(subgraphs);
  const auto all_codes = codes.write(b);
  const auto all_buffers = b.CreateVector(buffers);
  const auto signatures = write_signatures(b, model.signatures);
  b.Finish(tflite::CreateModel(b, 3, all_codes, graphs, description,
                               all_buffers, 0, metadata, signatures),
           tflite::ModelIdentifier());
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

}  // namespace shoal
