// The one file that sees protobuf: ModelProto -> OnnxModel.
#include <google/protobuf/io/coded_stream.h>

#include <cstring>
#include <limits>
#include <set>

#include "host/base/error.h"
#include "host/model/onnx/external.h"
#include "host/model/onnx/model.h"
#include "host/model/onnx/text.h"
#include "onnx/onnx_pb.h"

namespace shoal {
namespace onnx_import {
namespace {

// Messages of a model nest five deep; subgraphs of loops, which shoal has not,
// nest deeper.
constexpr int kMaxNesting = 32;
// The meaning of the operators is known from the first opset to the last; a
// later one may change it.
constexpr int64_t kMinOpset = 1, kMaxOpset = 25;

class ModelReader {
 public:
  ModelReader(const std::string& name, const std::string& folder)
      : name_(name), external_(name, folder) {}

  OnnxModel read(std::span<const uint8_t> file) {
    ::onnx::ModelProto proto;
    parse(file, proto);
    if (!proto.has_graph()) corrupt("has no graph");
    if (proto.functions_size() > 0) {
      unsupported("functions of its own",
                  "export without functions (torch: export_modules_as_"
                  "functions=False)");
    }
    OnnxModel model;
    model.opset = opset(proto);
    const ::onnx::GraphProto& graph = proto.graph();
    if (graph.sparse_initializer_size() > 0) {
      unsupported("sparse constants", "store them dense");
    }
    for (const auto& t : graph.initializer()) {
      model.constants.push_back(tensor(t, "initializer"));
    }
    for (const auto& n : graph.node()) {
      model.nodes.push_back(node(n));
      model.nodes.back().number = model.nodes.size() - 1;
    }
    for (const auto& v : graph.value_info()) model.inner.push_back(end(v));
    for (const auto& v : graph.input()) model.inputs.push_back(end(v));
    for (const auto& v : graph.output()) model.outputs.push_back(end(v));
    return model;
  }

 private:
  [[noreturn]] void corrupt(const std::string& reason) const {
    throw Error(Exit::kCorrupt, name_ + ": " + reason);
  }
  [[noreturn]] void unsupported(const std::string& reason,
                                const std::string& fix) const {
    throw Error(Exit::kUnsupported, name_ + ": " + reason, fix);
  }

  void parse(std::span<const uint8_t> file, ::onnx::ModelProto& proto) const {
    if (file.size() >= size_t{std::numeric_limits<int>::max()}) {
      unsupported(text(file.size(), " bytes, the limit is 2^31"), "");
    }
    google::protobuf::io::CodedInputStream stream(
        file.data(), static_cast<int>(file.size()));
    stream.SetRecursionLimit(kMaxNesting);
    if (!proto.ParseFromCodedStream(&stream) ||
        !stream.ConsumedEntireMessage()) {
      corrupt("is no ONNX model: its protobuf messages are damaged");
    }
  }

  int64_t opset(const ::onnx::ModelProto& proto) const {
    int64_t version = 0;
    for (const auto& set : proto.opset_import()) {
      if (set.domain().empty() || set.domain() == "ai.onnx") {
        version = set.version();
      }
    }
    // Files from before there were opsets.
    const bool first = proto.ir_version() < 3 && proto.opset_import().empty();
    if (first) version = 1;
    std::string domains;
    bool others = !proto.opset_import().empty();
    for (const auto& set : proto.opset_import()) {
      domains += (domains.empty() ? "" : ", ") + set.domain();
      others = others && !set.domain().empty() && set.domain() != "ai.onnx";
    }
    if (version == 0 && others) {
      unsupported("has operators of " + domains + " alone, not of ai.onnx",
                  "only neural networks run: no trees, no classical models");
    }
    if (version == 0) corrupt("names no opset of ai.onnx");
    if (version < kMinOpset || version > kMaxOpset) {
      unsupported(text("opset ", version),
                  text("export with an opset from ", kMinOpset, " to ",
                       kMaxOpset, " (torch: opset_version=17)"));
    }
    return version;
  }

  // Dimensions that memory cannot hold are caught with their product.
  int64_t element_total(const ::onnx::TensorProto& t,
                        const std::string& title) const {
    int64_t total = 1;
    for (const int64_t d : t.dims()) {
      if (d < 0) corrupt(text(title, ": size ", d, " of an axis"));
      if (d > 0 && total > std::numeric_limits<int32_t>::max() / d) {
        corrupt(title + ": more than 2^31 elements");
      }
      total *= d;
    }
    return total;
  }

  template <class T>
  std::vector<T> raw(const ::onnx::TensorProto& t, int64_t count,
                     const std::string& title) const {
    const std::string& bytes = t.raw_data();
    const size_t needed = static_cast<size_t>(count) * sizeof(T);
    if (bytes.size() != needed) {
      corrupt(text(title, ": has ", bytes.size(), " bytes of data, ",
                   shape_text(t.dims()), " ", onnx_type_name(t.data_type()),
                   " needs ", needed));
    }
    std::vector<T> out(static_cast<size_t>(count));
    if (needed > 0) std::memcpy(out.data(), bytes.data(), needed);
    return out;
  }

  // Elements of type T in the file, either raw or in their own field.
  template <class T, class Field, class Out>
  void elements(const ::onnx::TensorProto& t, const Field& field, int64_t count,
                const std::string& title, std::vector<Out>& out) const {
    if (t.has_raw_data()) {
      const std::vector<T> values = raw<T>(t, count, title);
      out.assign(values.begin(), values.end());
      return;
    }
    if (field.size() != count) {
      corrupt(text(title, ": has ", field.size(), " elements, ",
                   shape_text(t.dims()), " needs ", count));
    }
    out.reserve(static_cast<size_t>(count));
    for (const auto v : field)
      out.push_back(static_cast<Out>(static_cast<T>(v)));
  }

  static ExternalPlace place(const ::onnx::TensorProto& t) {
    ExternalPlace out;
    for (const auto& entry : t.external_data()) {
      if (entry.key() == "location") out.location = entry.value();
      if (entry.key() == "offset") out.offset = entry.value();
      if (entry.key() == "length") out.length = entry.value();
    }
    return out;
  }

  ConstantRef tensor(const ::onnx::TensorProto& t, const std::string& what) {
    const std::string title = what + " " + quoted(t.name());
    if (t.data_location() == ::onnx::TensorProto::EXTERNAL) {
      const std::span<const uint8_t> data = external_.bytes(place(t), title);
      ::onnx::TensorProto inside;
      inside.set_name(t.name());
      inside.set_data_type(t.data_type());
      *inside.mutable_dims() = t.dims();
      inside.set_raw_data(data.data(), data.size());
      return tensor(inside, what);
    }
    if (t.has_segment()) unsupported(title + ": stored in segments", "");
    const int64_t count = element_total(t, title);
    auto out = std::make_shared<OnnxTensor>();
    out->name = t.name();
    out->type = t.data_type();
    out->dims.assign(t.dims().begin(), t.dims().end());
    switch (t.data_type()) {
      case kOnnxFloat:
        elements<float>(t, t.float_data(), count, title, out->floats);
        break;
      case kOnnxDouble:
        elements<double>(t, t.double_data(), count, title, out->floats);
        break;
      case kOnnxInt64:
        elements<int64_t>(t, t.int64_data(), count, title, out->ints);
        break;
      case kOnnxInt32:
        elements<int32_t>(t, t.int32_data(), count, title, out->ints);
        break;
      case kOnnxBool:
        elements<uint8_t>(t, t.int32_data(), count, title, out->ints);
        for (int64_t& v : out->ints) v = v != 0;
        break;
      case kOnnxInt8:
        elements<int8_t>(t, t.int32_data(), count, title, out->bytes);
        break;
      case kOnnxUint8:
        elements<uint8_t>(t, t.int32_data(), count, title, out->bytes);
        break;
      default:  // refused where something reads it
        break;
    }
    return out;
  }

  // The first version of the format did not say it: whatever is there.
  static int type_of(const ::onnx::AttributeProto& a) {
    using A = ::onnx::AttributeProto;
    if (a.has_type() && a.type() != A::UNDEFINED) return a.type();
    if (a.has_f()) return A::FLOAT;
    if (a.has_i()) return A::INT;
    if (a.has_s()) return A::STRING;
    if (a.has_t()) return A::TENSOR;
    return a.ints_size() + a.floats_size() > 0 ? A::INTS : A::UNDEFINED;
  }

  OnnxAttribute attribute(const ::onnx::AttributeProto& a) {
    OnnxAttribute out;
    out.name = a.name();
    switch (type_of(a)) {
      case ::onnx::AttributeProto::FLOAT:
        out.kind = AttributeKind::kReal;
        out.real = a.f();
        break;
      case ::onnx::AttributeProto::INT:
        out.kind = AttributeKind::kInteger;
        out.integer = a.i();
        break;
      case ::onnx::AttributeProto::STRING:
        out.kind = AttributeKind::kWord;
        out.word = a.s();
        break;
      case ::onnx::AttributeProto::TENSOR:
        out.kind = AttributeKind::kTensor;
        out.tensor = tensor(a.t(), "constant");
        break;
      case ::onnx::AttributeProto::FLOATS:
      case ::onnx::AttributeProto::INTS:
        out.kind = AttributeKind::kList;
        out.reals.assign(a.floats().begin(), a.floats().end());
        out.integers.assign(a.ints().begin(), a.ints().end());
        break;
      case ::onnx::AttributeProto::STRINGS:
        out.kind = AttributeKind::kWords;
        out.words.assign(a.strings().begin(), a.strings().end());
        break;
      default:
        break;
    }
    return out;
  }

  OnnxNode node(const ::onnx::NodeProto& n) {
    OnnxNode out;
    out.name = n.name();
    out.type = n.op_type();
    out.domain = n.domain();
    out.inputs.assign(n.input().begin(), n.input().end());
    out.outputs.assign(n.output().begin(), n.output().end());
    std::set<std::string> seen;
    for (const auto& a : n.attribute()) {
      if (!seen.insert(a.name()).second) {
        corrupt(text("node ", quoted(n.name()), ": two attributes ",
                     quoted(a.name())));
      }
      out.attributes.push_back(attribute(a));
    }
    return out;
  }

  OnnxEnd end(const ::onnx::ValueInfoProto& v) const {
    OnnxEnd out;
    out.name = v.name();
    if (!v.type().has_tensor_type()) return out;
    const auto& type = v.type().tensor_type();
    out.type = type.elem_type();
    out.shaped = type.has_shape();
    for (const auto& d : type.shape().dim()) {
      out.dims.push_back(d.has_dim_value() ? d.dim_value() : -1);
      out.symbols.push_back(d.dim_param());
    }
    return out;
  }

  const std::string& name_;
  ExternalData external_;
};

}  // namespace

OnnxModel decode_onnx(std::span<const uint8_t> file, const std::string& name,
                      const std::string& folder) {
  return ModelReader(name, folder).read(file);
}

}  // namespace onnx_import
}  // namespace shoal
