#include "device/decode/cells.h"

#include <vector>

#include "host/data/task/heads.h"

namespace shoal {
namespace {

// The only output as rows x columns x channels.
bool is_map(const std::vector<Shape>& outputs) {
  return outputs.size() == 1 && outputs[0].size() == 4 && outputs[0][0] == 1;
}

}  // namespace

bool fits_cells(const std::vector<Shape>& outputs, const HeadInput& in) {
  if (!is_map(outputs) || in.width == 0) return false;
  const Shape& s = outputs[0];
  const int stride = in.height / s[1];
  return (stride == 8 || stride == 16) && in.width / s[2] == stride &&
         s[3] >= 2;
}

HeadFindings read_cells(const std::vector<RealOutput>& outputs,
                        const HeadInput& in, const HeadOptions& options) {
  const RealOutput& v = outputs[0];
  const int rows = v.shape[1], columns = v.shape[2];
  std::vector<uint8_t> scratch(static_cast<size_t>(rows) * columns);
  CellThings things({v.v.data(), static_cast<uint32_t>(v.v.size()), true}, rows,
                    columns, v.shape[3], in.width, in.height, options.score,
                    scratch.data());
  HeadFindings found;
  for (DetectedBox b; things.next(b);) {
    found.boxes.push_back({b.left, b.top, b.right, b.bottom, b.index, b.score});
  }
  return found;
}

}  // namespace shoal
