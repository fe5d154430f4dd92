#include "host/cli/checksums.h"

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/data/evaluate/frames.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {

std::string model_checksum(const std::string& model, const ImportOptions& ends,
                           const Graph& graph) {
  if (model.starts_with("zoo:")) return model;
  std::string sum = sha256_hex(read_file(model, files::kModel));
  for (const auto* list : {&ends.inputs, &ends.outputs, &ends.shapes}) {
    if (!list->empty()) sum += " -";
    for (const std::string& name : *list) sum += " " + name;
  }
  std::string constants;
  for (const Tensor& t : graph.tensors) {
    if (t.constant) constants += sha256_hex(t.data);
  }
  sum += " " +
         sha256_hex(std::vector<uint8_t>(constants.begin(), constants.end()));
  if (!ends.signature.empty()) sum += " - - " + ends.signature;
  return sum;
}

std::string some_inputs_checksum(
    int64_t count, const std::function<std::vector<uint8_t>(int64_t)>& input) {
  constexpr int64_t kSome = 8;
  std::string sums;
  for (const int64_t item : sample_items(count, kSome)) {
    try {
      sums += sha256_hex(input(item));
    } catch (const Error&) {
      sums += "-";
    }
  }
  return sha256_hex(std::vector<uint8_t>(sums.begin(), sums.end()));
}

}  // namespace shoal
