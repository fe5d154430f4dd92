// Outputs as Ultralytics and Megvii export them. N is the number of cells of
// the grids of 8, 16 and 32 pixels, with three anchors each in the older
// networks. Exports to ONNX give coordinates in pixels, those to .tflite in
// parts of the picture; a network for pictures of 32 pixels or more has no
// largest coordinate below 2 in pixels, so the values tell.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "host/data/task/heads.h"

namespace shoal {
namespace {

constexpr int kStrides[] = {8, 16, 32};
constexpr float kLargestPart = 2;

int64_t cells(const HeadInput& in) {
  int64_t sum = 0;
  for (const int s : kStrides) sum += int64_t{in.width / s} * (in.height / s);
  return sum;
}

// The shape of a table of rows. Its columns may lie in several outputs, all
// stored the same way, as `shoal quantize` ends a model whose columns have
// unlike ranges; empty if the outputs are no such table.
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

// The table that table_shape() describes.
RealOutput whole_table(const std::vector<RealOutput>& outputs, int64_t rows) {
  if (outputs.size() == 1) return outputs[0];
  std::vector<Shape> shapes;
  for (const RealOutput& o : outputs) shapes.push_back(o.shape);
  RealOutput whole = outputs[0];
  whole.shape = table_shape(shapes, rows);
  whole.v.clear();
  if (whole.shape[0] != rows) {
    for (const RealOutput& o : outputs) {
      whole.v.insert(whole.v.end(), o.v.begin(), o.v.end());
    }
    return whole;
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (const RealOutput& o : outputs) {
      const auto width = static_cast<int64_t>(o.v.size()) / rows;
      whole.v.insert(whole.v.end(), o.v.begin() + r * width,
                     o.v.begin() + (r + 1) * width);
    }
  }
  return whole;
}

// Returns whether there is an output of two axes, one of them with `rows`
// entries.
bool has_rows(const std::vector<Shape>& outputs, int64_t rows, int least) {
  const Shape s = table_shape(outputs, rows);
  return s.size() == 2 && s[0] == rows && s[1] >= least;
}

// A table of rows (one a candidate), whichever way it is stored.
struct CandidateTable {
  CandidateTable(const RealOutput& values, int64_t rows) : v(values.v) {
    const Shape s = core_shape(values.shape);
    turned = s[0] != rows;
    count = turned ? s[1] : s[0];
    width = turned ? s[0] : s[1];
  }
  float at(int64_t row, int64_t column) const {
    return v[static_cast<size_t>(turned ? column * count + row
                                        : row * width + column)];
  }
  const std::vector<float>& v;
  bool turned = false;
  int64_t count = 0, width = 0;
};

// The strongest class of columns `first` and on.
void classify(const CandidateTable& t, int64_t row, int64_t first,
              Detection& box) {
  box.index = 0;
  box.score = t.at(row, first);
  for (int64_t c = first + 1; c < t.width; ++c) {
    if (!(t.at(row, c) > box.score)) continue;
    box.score = t.at(row, c);
    box.index = static_cast<int>(c - first);
  }
}

void place(Detection& box, float x, float y, float width, float height) {
  box.left = x - width / 2;
  box.right = x + width / 2;
  box.top = y - height / 2;
  box.bottom = y + height / 2;
}

// Columns: centre, size, then either an objectness and the classes' scores, or
// the latter alone.
HeadFindings read_rows(const RealOutput& values, const HeadInput& in,
                       int64_t rows, bool objectness,
                       const HeadOptions& options) {
  const CandidateTable t(values, rows);
  float largest = 0;
  for (int64_t r = 0; r < t.count; ++r) {
    for (int64_t c = 0; c < 4; ++c) largest = std::max(largest, t.at(r, c));
  }
  const bool parts = largest <= kLargestPart;
  const float sx = parts ? static_cast<float>(in.width) : 1.f;
  const float sy = parts ? static_cast<float>(in.height) : 1.f;
  HeadFindings found;
  for (int64_t r = 0; r < t.count; ++r) {
    Detection box;
    const bool one_class = objectness && t.width == 5;
    if (!one_class) classify(t, r, objectness ? 5 : 4, box);
    if (objectness) box.score = (one_class ? 1 : box.score) * t.at(r, 4);
    if (!(box.score >= options.score)) continue;
    place(box, t.at(r, 0) * sx, t.at(r, 1) * sy, t.at(r, 2) * sx,
          t.at(r, 3) * sy);
    found.boxes.push_back(box);
  }
  return found;
}

}  // namespace

bool fits_yolo_v5(const std::vector<Shape>& outputs, const HeadInput& in) {
  return has_rows(outputs, 3 * cells(in), 5);
}

HeadFindings read_yolo_v5(const std::vector<RealOutput>& outputs,
                          const HeadInput& in, const HeadOptions& options) {
  const int64_t rows = 3 * cells(in);
  return read_rows(whole_table(outputs, rows), in, rows, true, options);
}

bool fits_yolo_v8(const std::vector<Shape>& outputs, const HeadInput& in) {
  const Shape s = table_shape(outputs, cells(in));
  return s.size() == 2 && s[0] >= 5 && s[1] == cells(in);
}

HeadFindings read_yolo_v8(const std::vector<RealOutput>& outputs,
                          const HeadInput& in, const HeadOptions& options) {
  return read_rows(whole_table(outputs, cells(in)), in, cells(in), false,
                   options);
}

bool fits_yolox(const std::vector<Shape>& outputs, const HeadInput& in) {
  return has_rows(outputs, cells(in), 6);
}

// Centres are offsets in cells, sizes logarithms in cells.
HeadFindings read_yolox(const std::vector<RealOutput>& outputs,
                        const HeadInput& in, const HeadOptions& options) {
  const RealOutput whole = whole_table(outputs, cells(in));
  const CandidateTable t(whole, cells(in));
  HeadFindings found;
  int64_t row = 0;
  for (const int stride : kStrides) {
    const int columns = in.width / stride, lines = in.height / stride;
    for (int cell = 0; cell < columns * lines; ++cell, ++row) {
      Detection box;
      classify(t, row, 5, box);
      box.score *= t.at(row, 4);
      if (!(box.score >= options.score)) continue;
      const auto s = static_cast<float>(stride);
      place(box, (t.at(row, 0) + static_cast<float>(cell % columns)) * s,
            (t.at(row, 1) + static_cast<float>(cell / columns)) * s,
            std::exp(t.at(row, 2)) * s, std::exp(t.at(row, 3)) * s);
      found.boxes.push_back(box);
    }
  }
  return found;
}

}  // namespace shoal
