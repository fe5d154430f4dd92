// Outputs as Ultralytics and Megvii export them: N is the number of cells of
// the grids of 8, 16 and 32 pixels, with three anchors each in the older
// networks.
#include "device/decode/yolo.h"

#include <cstdint>

#include "host/data/task/candidates.h"
#include "host/data/task/heads.h"

namespace shoal {
namespace {

int64_t cells(const HeadInput& in) { return yolo_cells(in.width, in.height); }

// Returns the shape of a table of rows whose columns may lie in several
// outputs, all stored the same way; empty if the outputs are no such table.
Shape table_shape(const std::vector<Shape>& outputs, int64_t rows) {
  if (outputs.empty() || rows == 0) return {};
  if (outputs.size() == 1) return core_shape(outputs[0]);
  Shape whole;
  for (const Shape& output : outputs) {
    Shape s(output.begin(), output.end());
    while (s.size() > 2 && s[0] == 1) s.erase(s.begin());
    if (s.size() != 2) return {};
    if (whole.empty()) {
      whole = s;
    } else if (whole[0] == rows && s[0] == rows) {
      whole[1] += s[1];
    } else if (whole[1] == rows && s[1] == rows) {
      whole[0] += s[0];
    } else {
      return {};
    }
  }
  return whole;
}

// The outputs as a table of rows.
struct OutputTable {
  OutputTable(const std::vector<RealOutput>& outputs, int64_t rows) {
    for (const RealOutput& o : outputs) {
      const auto count = static_cast<uint32_t>(o.v.size());
      parts.push_back({{o.v.data(), count, true},
                       count / static_cast<uint32_t>(rows),
                       is_turned(o.shape, rows)});
    }
    table = {parts.data(), static_cast<uint32_t>(parts.size()),
             static_cast<uint32_t>(rows)};
  }
  std::vector<TablePart> parts;
  RowTable table;
};

// Returns whether there is an output of two axes, one of them with `rows`
// entries.
bool has_rows(const std::vector<Shape>& outputs, int64_t rows, int least) {
  const Shape s = table_shape(outputs, rows);
  return s.size() == 2 && s[0] == rows && s[1] >= least;
}

HeadFindings read_rows(const std::vector<RealOutput>& outputs,
                       const HeadInput& in, int64_t rows, bool objectness,
                       const HeadOptions& options) {
  const OutputTable of(outputs, rows);
  return all_of(
      YoloBoxes(of.table, objectness, in.width, in.height, options.score));
}

}  // namespace

bool fits_yolo_v5(const std::vector<Shape>& outputs, const HeadInput& in) {
  return has_rows(outputs, 3 * cells(in), 5);
}

HeadFindings read_yolo_v5(const std::vector<RealOutput>& outputs,
                          const HeadInput& in, const HeadOptions& options) {
  return read_rows(outputs, in, 3 * cells(in), true, options);
}

bool fits_yolo_v8(const std::vector<Shape>& outputs, const HeadInput& in) {
  const Shape s = table_shape(outputs, cells(in));
  return s.size() == 2 && s[0] >= 5 && s[1] == cells(in);
}

HeadFindings read_yolo_v8(const std::vector<RealOutput>& outputs,
                          const HeadInput& in, const HeadOptions& options) {
  return read_rows(outputs, in, cells(in), false, options);
}

bool fits_yolox(const std::vector<Shape>& outputs, const HeadInput& in) {
  return has_rows(outputs, cells(in), 6);
}

HeadFindings read_yolox(const std::vector<RealOutput>& outputs,
                        const HeadInput& in, const HeadOptions& options) {
  const OutputTable of(outputs, cells(in));
  return all_of(YoloxBoxes(of.table, in.width, in.height, options.score));
}

}  // namespace shoal
