#include "host/model/onnx/testing/onnx_builder.h"

#include <random>

#include "onnx/onnx_pb.h"

namespace shoal {

struct OnnxBuilder::Proto {
  ::onnx::ModelProto model;
  ::onnx::GraphProto& graph() { return *model.mutable_graph(); }
  ::onnx::TensorProto& constant(const std::string& name, const Ints& dims,
                                int type) {
    ::onnx::TensorProto& t = *graph().add_initializer();
    t.set_name(name);
    t.set_data_type(type);
    for (const int64_t d : dims) t.add_dims(d);
    return t;
  }
  ::onnx::TensorProto& last() {
    return *graph().mutable_initializer(graph().initializer_size() - 1);
  }
};

OnnxBuilder::OnnxBuilder(int64_t opset) : proto_(std::make_unique<Proto>()) {
  proto_->model.set_ir_version(8);
  proto_->model.add_opset_import()->set_version(opset);
  proto_->graph().set_name("g");
}
OnnxBuilder::~OnnxBuilder() = default;

void OnnxBuilder::input(const std::string& name, const Ints& dims, int type) {
  auto& value = *proto_->graph().add_input();
  value.set_name(name);
  auto& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  for (const int64_t d : dims) {
    auto& dim = *tensor.mutable_shape()->add_dim();
    if (d == -1) {
      dim.set_dim_param("n");
    } else {
      dim.set_dim_value(d);
    }
  }
}

void OnnxBuilder::output(const std::string& name, int type) {
  auto& value = *proto_->graph().add_output();
  value.set_name(name);
  value.mutable_type()->mutable_tensor_type()->set_elem_type(type);
}

void OnnxBuilder::floats(const std::string& name, const Ints& dims,
                         const Floats& values) {
  auto& t = proto_->constant(name, dims, ::onnx::TensorProto::FLOAT);
  t.set_raw_data(values.data(), values.size() * sizeof(float));
}

void OnnxBuilder::ints(const std::string& name, const Ints& dims,
                       const Ints& values) {
  auto& t = proto_->constant(name, dims, ::onnx::TensorProto::INT64);
  for (const int64_t v : values) t.add_int64_data(v);
}

void OnnxBuilder::int32s(const std::string& name, const Ints& dims,
                         const Ints& values) {
  auto& t = proto_->constant(name, dims, ::onnx::TensorProto::INT32);
  for (const int64_t v : values) t.add_int32_data(static_cast<int32_t>(v));
}

void OnnxBuilder::bytes(const std::string& name, const Ints& dims,
                        const Ints& values, bool plain) {
  auto& t = proto_->constant(
      name, dims,
      plain ? ::onnx::TensorProto::UINT8 : ::onnx::TensorProto::INT8);
  std::string data;
  for (const int64_t v : values) data.push_back(static_cast<char>(v));
  t.set_raw_data(data);
}

namespace {

void set_value(::onnx::AttributeProto& a, int64_t v) {
  a.set_type(::onnx::AttributeProto::INT);
  a.set_i(v);
}
void set_value(::onnx::AttributeProto& a, float v) {
  a.set_type(::onnx::AttributeProto::FLOAT);
  a.set_f(v);
}
void set_value(::onnx::AttributeProto& a, const std::string& v) {
  a.set_type(::onnx::AttributeProto::STRING);
  a.set_s(v);
}
void set_value(::onnx::AttributeProto& a, const Ints& values) {
  a.set_type(::onnx::AttributeProto::INTS);
  for (const int64_t v : values) a.add_ints(v);
}
void set_value(::onnx::AttributeProto& a, const Floats& values) {
  a.set_type(::onnx::AttributeProto::FLOATS);
  for (const float v : values) a.add_floats(v);
}
void set_value(::onnx::AttributeProto& a, const Words& values) {
  a.set_type(::onnx::AttributeProto::STRINGS);
  for (const std::string& v : values) a.add_strings(v);
}

}  // namespace

void OnnxBuilder::node(const std::string& type,
                       const std::vector<std::string>& inputs,
                       const std::vector<std::string>& outputs,
                       const std::vector<OnnxField>& attributes) {
  ::onnx::NodeProto& n = *proto_->graph().add_node();
  n.set_op_type(type);
  for (const std::string& value : inputs) n.add_input(value);
  for (const std::string& value : outputs) n.add_output(value);
  for (const OnnxField& field : attributes) {
    ::onnx::AttributeProto& a = *n.add_attribute();
    a.set_name(field.name);
    std::visit([&](const auto& v) { set_value(a, v); }, field.value);
  }
}

std::string OnnxBuilder::rounded(const std::string& x, float scale, int zero,
                                 bool plain) {
  number(x + ".scale", scale);
  bytes(x + ".zero", {}, {zero}, plain);
  node("QuantizeLinear", {x, x + ".scale", x + ".zero"}, {x + ".bytes"});
  node("DequantizeLinear", {x + ".bytes", x + ".scale", x + ".zero"},
       {x + ".real"});
  return x + ".real";
}

std::string OnnxBuilder::weights(const std::string& name, const Ints& dims,
                                 const Ints& values, const Floats& scales) {
  bytes(name, dims, values);
  const Ints channels =
      scales.size() == 1 ? Ints{} : Ints{static_cast<int64_t>(scales.size())};
  floats(name + ".scale", channels, scales);
  bytes(name + ".zero", channels, Ints(scales.size(), 0));
  node("DequantizeLinear", {name, name + ".scale", name + ".zero"},
       {name + ".real"}, {{"axis", int64_t{0}}});
  return name + ".real";
}

std::string OnnxBuilder::bias(const std::string& name, const Ints& values,
                              const Floats& scales) {
  const auto count = static_cast<int64_t>(values.size());
  int32s(name, {count}, values);
  const Ints channels =
      scales.size() == 1 ? Ints{} : Ints{static_cast<int64_t>(scales.size())};
  floats(name + ".scale", channels, scales);
  node("DequantizeLinear", {name, name + ".scale"}, {name + ".real"},
       {{"axis", int64_t{0}}});
  return name + ".real";
}

std::string OnnxBuilder::move_outside(const std::string& location,
                                      const std::string& offset,
                                      const std::string& length) {
  ::onnx::TensorProto& t = proto_->last();
  t.set_data_location(::onnx::TensorProto::EXTERNAL);
  const auto say = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    auto& entry = *t.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  say("location", location);
  say("offset", offset);
  say("length", length);
  std::string bytes = t.raw_data();
  if (bytes.empty()) {
    bytes.assign(reinterpret_cast<const char*>(t.float_data().data()),
                 sizeof(float) * static_cast<size_t>(t.float_data_size()));
  }
  t.clear_raw_data();
  t.clear_float_data();
  return bytes;
}
void OnnxBuilder::break_opset(int64_t version) {
  proto_->model.mutable_opset_import(0)->set_version(version);
}
void OnnxBuilder::drop_attribute_types() {
  auto& graph = proto_->graph();
  auto& node = *graph.mutable_node(graph.node_size() - 1);
  for (auto& a : *node.mutable_attribute()) a.clear_type();
}
void OnnxBuilder::break_opset_domain(const std::string& domain) {
  proto_->model.mutable_opset_import(0)->set_domain(domain);
}

void OnnxBuilder::break_domain(const std::string& domain) {
  auto& graph = proto_->graph();
  graph.mutable_node(graph.node_size() - 1)->set_domain(domain);
}
void OnnxBuilder::break_function() { proto_->model.add_functions(); }
void OnnxBuilder::break_sparse() { proto_->graph().add_sparse_initializer(); }
void OnnxBuilder::break_type(int type) { proto_->last().set_data_type(type); }
void OnnxBuilder::break_size() {
  proto_->last().mutable_raw_data()->push_back(0);
}

std::vector<uint8_t> OnnxBuilder::finish() const {
  const std::string bytes = proto_->model.SerializeAsString();
  return {bytes.begin(), bytes.end()};
}

Floats some_floats(int64_t count, int seed) {
  std::mt19937 rng(static_cast<uint32_t>(seed));
  Floats out;
  for (int64_t i = 0; i < count; ++i) {
    out.push_back(static_cast<float>(rng() % 2001) / 1000.f - 1);
  }
  return out;
}

Ints some_bytes(int64_t count, int seed) {
  std::mt19937 rng(static_cast<uint32_t>(seed));
  Ints out;
  for (int64_t i = 0; i < count; ++i) {
    out.push_back(static_cast<int64_t>(rng() % 255) - 127);
  }
  return out;
}

}  // namespace shoal
