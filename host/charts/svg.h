// The parts of every drawing: a growing SVG text, axes that map values to
// pixels, and the width that a label will take.
#pragma once

#include <string>
#include <vector>

namespace shoal {

inline constexpr double kFontSize = 12;

// Pixels that a text takes at most, for laying out what must not overlap.
double text_width(const std::string&);

struct Scale {
  double low = 0, high = 1;  // values
  double from = 0, to = 1;   // pixels
  bool logarithmic = false;
  double at(double value) const;
};

enum class Anchor { kStart, kMiddle, kEnd };

class Svg {
 public:
  void text(double x, double y, Anchor, const std::string& label,
            bool upright = false);
  void line(double x0, double y0, double x1, double y1, const char* css);
  // `title` is what a pointer over it shows.
  void bar(double x, double y, double width, double height, int style,
           const std::string& title);
  void marker(double x, double y, int style, bool hollow,
              const std::string& title);
  void path(const std::vector<std::pair<double, double>>&, int style,
            bool dashed);
  // Returns the whole drawing, `label` for those who cannot see it.
  std::string finish(double width, double height,
                     const std::string& label) const;

 private:
  std::string body_;
};

}  // namespace shoal
