#include "device/decode/boxes.h"

namespace shoal {
namespace {

float larger(float a, float b) { return a > b ? a : b; }
float smaller(float a, float b) { return a < b ? a : b; }

float area(float left, float top, float right, float bottom) {
  return larger(0, right - left) * larger(0, bottom - top);
}

}  // namespace

float intersection_over_union(const DetectedBox& a, const DetectedBox& b) {
  const float both =
      area(larger(a.left, b.left), larger(a.top, b.top),
           smaller(a.right, b.right), smaller(a.bottom, b.bottom));
  const float either = area(a.left, a.top, a.right, a.bottom) +
                       area(b.left, b.top, b.right, b.bottom) - both;
  return either > 0 ? both / either : 0;
}

}  // namespace shoal
