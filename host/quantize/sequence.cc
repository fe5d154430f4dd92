#include "host/quantize/sequence.h"

#include <memory>
#include <utility>

#include "host/oracle/float/float_oracle.h"

namespace shoal {

Graph with_variables_given(Graph g) {
  for (const Variable& v : g.variables) g.inputs.push_back(v.before);
  return g;
}

Calibration frames_with_variables(const Graph& g,
                                  const Calibration& calibration) {
  const auto before = std::make_shared<std::vector<std::vector<float>>>();
  FloatOracle oracle(g);
  for (int64_t f = 0; f < calibration.count; ++f) {
    const FloatValues& values = oracle.run(calibration.frame(f));
    std::vector<float>& held = before->emplace_back();
    for (const Variable& v : g.variables) {
      const auto& of = values[static_cast<size_t>(v.before)];
      held.insert(held.end(), of.begin(), of.end());
    }
  }
  const auto frame = [&calibration, before](int64_t f) {
    std::vector<float> all = calibration.frame(f);
    const std::vector<float>& held = (*before)[static_cast<size_t>(f)];
    all.insert(all.end(), held.begin(), held.end());
    return all;
  };
  return {calibration.count, frame};
}

}  // namespace shoal
