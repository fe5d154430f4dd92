// Reads the truth that detections and masks are compared with. The input's
// first byte modulo 3 selects it: 0 COCO's instances, 1 YOLO's labels, 2 a PNG
// of classes.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/base/error.h"
#include "host/data/evaluate/box_truth.h"
#include "host/data/evaluate/class_map.h"

namespace {

using namespace shoal;

void expect(bool ok) {
  if (!ok) __builtin_trap();
}

// Two pictures.
class Pictures : public Dataset {
 public:
  int64_t size() const override { return 2; }
  std::string name(int64_t i) const override { return i == 0 ? "a" : "b"; }
  int label(int64_t) const override { return -1; }
  const std::vector<std::string>& classes() const override { return none_; }
  bool is_picture(int64_t) const override { return false; }
  Picture picture(int64_t) const override { return {}; }
  std::vector<uint8_t> bytes(int64_t) const override { return {}; }

 private:
  std::vector<std::string> none_;
};

void expect_boxes(const std::vector<TruthBox>& boxes) {
  for (const TruthBox& b : boxes) {
    expect(b.index >= 0 && b.left <= b.right && b.top <= b.bottom);
    expect(std::isfinite(b.left) && std::isfinite(b.top));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::span<const uint8_t> rest(bytes + 1, size - 1);
  try {
    if (bytes[0] % 3 == 0) {
      const BoxTruth truth =
          parse_coco({reinterpret_cast<const char*>(rest.data()), rest.size()},
                     "fuzz", Pictures());
      expect(truth.items.size() == 2 && truth.names.size() == truth.ids.size());
      for (const BoxTruth::Item& item : truth.items) expect_boxes(item.boxes);
    } else if (bytes[0] % 3 == 1) {
      expect_boxes(parse_yolo(rest, "fuzz"));
    } else {
      const ClassMap map = decode_class_map(rest, "fuzz");
      expect(map.classes.size() ==
             static_cast<size_t>(map.width) * static_cast<size_t>(map.height));
    }
  } catch (const Error& error) {
    expect(error.code() == Exit::kCorrupt || error.code() == Exit::kUsage);
  }
  return 0;
}
