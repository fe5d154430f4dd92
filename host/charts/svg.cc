#include "host/charts/svg.h"

#include <fmt/format.h>

#include <cmath>

#include "host/charts/plot.h"

namespace shoal {
namespace {

// Points of a marker of about 4 pixels' radius around 0, 0.
const char* marker_path(int style) {
  switch (style % kPlotStyles) {
    case 1:
      return "M-3.6 -3.6H3.6V3.6H-3.6Z";
    case 2:
      return "M0 -4.8L4.6 3.4H-4.6Z";
    case 3:
      return "M0 -5L5 0L0 5L-5 0Z";
    case 4:
      return "M0 4.8L4.6 -3.4H-4.6Z";
    case 5:
      return "M-4.4 -1.5H-1.5V-4.4H1.5V-1.5H4.4V1.5H1.5V4.4H-1.5V1.5H-4.4Z";
    case 6:
      return "M-4.4 -2.4H4.4V2.4H-4.4Z";
    case 7:
      return "M-2.4 -4.4H2.4V4.4H-2.4Z";
    default:
      return "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z";
  }
}

}  // namespace

double text_width(const std::string& text) {
  return 0.58 * kFontSize * static_cast<double>(text.size());
}

double Scale::at(double value) const {
  double part = 0.5;
  if (high > low) {
    part = logarithmic ? std::log(value / low) / std::log(high / low)
                       : (value - low) / (high - low);
  }
  return from + part * (to - from);
}

void Svg::text(double x, double y, Anchor anchor, const std::string& label,
               bool upright) {
  constexpr const char* kAnchors[] = {"start", "middle", "end"};
  const std::string turn =
      upright ? fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", x, y)
              : "";
  body_ += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
      kAnchors[static_cast<int>(anchor)], turn, escape_xml(label));
}

void Svg::line(double x0, double y0, double x1, double y1, const char* css) {
  body_ += fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
      "y2=\"{:.1f}\"/>\n",
      css, x0, y0, x1, y1);
}

void Svg::bar(double x, double y, double width, double height, int style,
              const std::string& title) {
  body_ += fmt::format(
      "<rect class=\"bar f{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
      "height=\"{:.1f}\"><title>{}</title></rect>\n",
      style % kPlotStyles, x, y, width, height, escape_xml(title));
}

void Svg::marker(double x, double y, int style, bool hollow,
                 const std::string& title) {
  body_ += fmt::format(
      "<path class=\"marker {}{}\" transform=\"translate({:.1f} {:.1f})\" "
      "d=\"{}\"><title>{}</title></path>\n",
      hollow ? "hollow s" : "f", style % kPlotStyles, x, y, marker_path(style),
      escape_xml(title));
}

void Svg::path(const std::vector<std::pair<double, double>>& points, int style,
               bool dashed) {
  std::string d;
  for (const auto& [x, y] : points) {
    d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? "M" : "L", x, y);
  }
  body_ += fmt::format("<path class=\"line s{}{}\" d=\"{}\"/>\n",
                       style % kPlotStyles, dashed ? " dashed" : "", d);
}

std::string Svg::finish(double width, double height,
                        const std::string& label) const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} "
      "{1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\" "
      "aria-label=\"{2}\" font-size=\"{3:.0f}\">\n{4}</svg>\n",
      width, height, escape_xml(label), kFontSize, body_);
}

}  // namespace shoal
