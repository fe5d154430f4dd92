#include "host/model/tflite/metadata.h"

#include <algorithm>
#include <cmath>

#include "metadata_generated.h"

namespace shoal {
namespace {

namespace fb = flatbuffers;
namespace meta = tflite_metadata;

constexpr size_t kMostChannels = 16;

std::vector<float> read(const fb::Vector<float>* list) {
  if (list == nullptr || list->size() > kMostChannels) return {};
  return {list->begin(), list->end()};
}

bool can_be_meant(const Normalization& n) {
  const auto is_finite = [](float v) { return std::isfinite(v); };
  const auto divides = [](float v) { return std::isfinite(v) && v > 0; };
  const size_t means = n.mean.size(), deviations = n.deviation.size();
  return means > 0 && deviations > 0 &&
         (means == deviations || means == 1 || deviations == 1) &&
         std::ranges::all_of(n.mean, is_finite) &&
         std::ranges::all_of(n.deviation, divides);
}

template <class T>
const T* first(const fb::Vector<fb::Offset<T>>* list) {
  return list == nullptr || list->size() == 0 ? nullptr : list->Get(0);
}

}  // namespace

std::optional<Normalization> read_metadata(std::span<const uint8_t> bytes) {
  constexpr fb::uoffset_t kDepth = 8, kTables = 4096;
  if (bytes.size() < 16) return std::nullopt;
  fb::Verifier verifier(bytes.data(), bytes.size(), kDepth, kTables);
  if (!meta::VerifyModelMetadataBuffer(verifier)) return std::nullopt;
  const auto* graph =
      first(meta::GetModelMetadata(bytes.data())->subgraph_metadata());
  const auto* input = graph ? first(graph->input_tensor_metadata()) : nullptr;
  if (input == nullptr || input->process_units() == nullptr) return {};
  for (const meta::ProcessUnit* unit : *input->process_units()) {
    const auto* options = unit->options_as_NormalizationOptions();
    if (options == nullptr) continue;
    Normalization n{read(options->mean()), read(options->std())};
    if (can_be_meant(n)) return n;
  }
  return std::nullopt;
}

std::vector<uint8_t> write_metadata(const Normalization& n) {
  fb::FlatBufferBuilder b;
  const auto mean = b.CreateVector(n.mean);
  const auto deviation = b.CreateVector(n.deviation);
  const auto options = meta::CreateNormalizationOptions(b, mean, deviation);
  const std::vector units{meta::CreateProcessUnit(
      b, meta::ProcessUnitOptions::NormalizationOptions, options.Union())};
  const auto all_units = b.CreateVector(units);
  const std::vector inputs{
      meta::CreateTensorMetadata(b, 0, 0, 0, 0, all_units)};
  const auto all_inputs = b.CreateVector(inputs);
  const std::vector graphs{meta::CreateSubGraphMetadata(b, 0, 0, all_inputs)};
  const auto all_graphs = b.CreateVector(graphs);
  b.Finish(meta::CreateModelMetadata(b, 0, 0, 0, all_graphs),
           meta::ModelMetadataIdentifier());
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

}  // namespace shoal
