#include "host/model/export/operands.h"

#include <cstring>
#include <utility>

namespace shoal {
namespace {

// No operand has more elements, so that weights and biases are not looked at.
constexpr int64_t kMostElements = 64;

bool same_value(const Tensor& t, const Tensor& wanted) {
  return t.constant && t.type == wanted.type &&
         t.file_type == wanted.file_type && t.data == wanted.data &&
         t.quant.scale == wanted.quant.scale &&
         t.quant.zero == wanted.quant.zero;
}

}  // namespace

std::vector<int> Operands::values(int t) const {
  const Tensor& of = tensor(t);
  std::vector<int> out(of.data.size() / sizeof(int32_t));
  if (!out.empty()) std::memcpy(out.data(), of.data.data(), of.data.size());
  return out;
}

std::vector<int> Operands::find_all(const Fits& fits) const {
  std::vector<int> out;
  for (size_t i = 0; i < graph_.tensors.size(); ++i) {
    const Tensor& t = graph_.tensors[i];
    if (!t.constant || t.type != Type::kInt32 ||
        element_count(t.shape) > kMostElements) {
      continue;
    }
    const int number = static_cast<int>(i);
    if (fits(t.shape, values(number))) out.push_back(number);
  }
  return out;
}

int Operands::find(const Fits& fits) const {
  const std::vector<int> all = find_all(fits);
  return all.empty() ? -1 : all.front();
}

int Operands::append(Tensor t) {
  graph_.tensors.push_back(std::move(t));
  return static_cast<int>(graph_.tensors.size()) - 1;
}

int Operands::add(const std::string& name, const Shape& shape,
                  const std::vector<int>& values) {
  Tensor t;
  t.name = name;
  t.type = t.file_type = Type::kInt32;
  t.shape = shape;
  t.constant = true;
  t.data.resize(values.size() * sizeof(int32_t));
  std::memcpy(t.data.data(), values.data(), t.data.size());
  return append(std::move(t));
}

int Operands::find_or_add(const std::string& name, const Shape& shape,
                          const std::vector<int>& values, const Fits& fits) {
  const int found = find(fits);
  return found >= 0 ? found : add(name, shape, values);
}

int Operands::find_or_add_value(const std::string& name, const Tensor& like,
                                int byte, float real) {
  Tensor t;
  t.name = name;
  t.type = like.type;
  t.file_type = like.file_type;
  t.quant = like.quant;
  t.constant = true;
  if (like.type == Type::kFloat32) {
    t.data.resize(sizeof real);
    std::memcpy(t.data.data(), &real, sizeof real);
  } else {
    t.data = {static_cast<uint8_t>(byte)};
  }
  for (size_t i = 0; i < graph_.tensors.size(); ++i) {
    if (same_value(graph_.tensors[i], t)) return static_cast<int>(i);
  }
  return append(std::move(t));
}

}  // namespace shoal
