#include <fmt/format.h>

#include "host/base/size.h"
#include "host/base/units.h"
#include "tools/demo/demo.h"

namespace shoal {
namespace {

std::string base64(const std::vector<uint8_t>& bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t word = 0;
    for (size_t k = 0; k < 3; ++k) {
      word = word << 8 | (i + k < bytes.size() ? bytes[i + k] : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += i + k <= bytes.size() ? kDigits[word >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 54rem; padding: 0 1rem; line-height: 1.5;
  font-family: system-ui, "DejaVu Sans", Arial, sans-serif; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: 0.2rem 1rem 0.2rem 0; text-align: left; font-weight: 400; }
th { opacity: 0.7; } td.number { text-align: right; }
.pictures { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
figure { margin: 0; } figcaption { font-weight: 600; }
figure img { width: 100%; image-rendering: pixelated; border-radius: 4px; }
small { display: block; font-weight: 400; opacity: 0.7; }
.wrong { color: #d9580f; }
.bars, .work { display: grid; grid-template-columns: max-content max-content 1fr;
  gap: 0.3rem 1rem; font-variant-numeric: tabular-nums; }
.bars span { text-align: right; }
.bars i { display: block; height: 1.1rem; margin-top: 0.2rem;
  background: #2f7bd0; border-radius: 2px; }
.bars i.whole { background: #d9580f; }
.work div { display: flex; height: 1.4rem; overflow: hidden;
  border-radius: 2px; }
.work div b { color: #fff; font-size: 0.7rem; line-height: 1.4rem;
  text-align: center; overflow: hidden; }
)css";

std::string ways_table(const Demo& d) {
  std::string out =
      "<table>\n<tr><th></th><th>memory for tensors</th>"
      "<th>time of a picture</th></tr>\n";
  for (const Way& way : d.ways) {
    out += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{} B</td><td>{}</td></tr>\n",
        escape(way.name), format_count(way.bytes),
        way.latency_s == 0 ? "no board of 512 KB can"
                           : format_time(way.latency_s));
  }
  return out + "</table>\n";
}

std::string work_chart(const Demo& d) {
  std::string out = "<div class=\"work\">\n";
  for (const SegmentWork& work : d.segments) {
    std::string drawn, told;
    for (size_t n = 0; n < work.shares.size(); ++n) {
      const double percent = 100 * work.shares[n];
      if (percent == 0) continue;
      drawn += fmt::format(
          "<b style=\"width: {:.2f}%; background: hsl({}, 55%, 38%)\">{}</b>",
          percent, 360 * n / work.shares.size(), n);
      told += fmt::format("{}{} {:.0f} %", told.empty() ? "" : ", ",
                          escape(d.nodes[n]), percent);
    }
    out += fmt::format(
        "<span>layers {} to {}</span><span>{}</span>"
        "<div role=\"img\" aria-label=\"{}\">{}</div>\n",
        work.first_layer, work.last_layer, escape(work.cut), told, drawn);
  }
  return out + "</div>\n";
}

std::string figures(const Demo& d) {
  std::string out = "<div class=\"pictures\">\n";
  for (const Shown& p : d.pictures) {
    out += fmt::format(
        "<figure><img src=\"data:image/png;base64,{}\" alt=\"{}\">"
        "<figcaption{}>{}<small>{}</small></figcaption></figure>\n",
        base64(p.file), escape(p.truth), p.right() ? "" : " class=\"wrong\"",
        escape(p.answer),
        p.right() ? fmt::format("probability {:.1f} %", 100 * p.probability)
                  : "is: " + escape(p.truth));
  }
  return out + "</div>\n";
}

std::string memory_bars(const Demo& d) {
  std::string out = "<div class=\"bars\">\n";
  for (const Bar& bar : d.bars) {
    out += fmt::format(
        "<b>{}</b><span>{:.1f} KB</span><i{} style=\"width: {:.1f}%\"></i>\n",
        escape(bar.name), static_cast<double>(bar.bytes) / 1024,
        bar.whole ? " class=\"whole\"" : "",
        100.0 * static_cast<double>(bar.bytes) /
            static_cast<double>(d.widest()));
  }
  return out + "</div>\n";
}

}  // namespace

std::string demo_page(const Demo& d) {
  const size_t nodes = d.nodes.size();
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>shoal: networks that do not fit</title>\n"
      "<style>{}</style></head><body>\n"
      "<h1>Networks that do not fit one microcontroller</h1>\n",
      kStyle);
  out +=
      "<h2>MobileNetV2 at 224x224 on Teensy 4.1 boards</h2>\n" + ways_table(d);
  out += fmt::format(
      "<p>Times are modelled, for 600 MHz and Ethernet of 100 Mbit/s. {} "
      "Memory is known to the byte before anything runs.</p>\n",
      d.all_exact()
          ? "All outputs have exactly the bytes of a plain interpreter."
          : "Some output has other bytes than a plain interpreter.");
  out += fmt::format(
      "<h2>{} on {} small nodes</h2>\n<p>{} pictures of clothes, each computed "
      "by {} processes that talk over UDP as microcontrollers would: {} "
      "labelled right, {} with exactly the bytes that one node gives.</p>\n",
      escape(d.model), nodes, d.pictures.size(), nodes, d.right(), d.same());
  out += figures(d);
  out +=
      "<h2>Who computes what</h2>\n<p>A line is a run of layers that the nodes "
      "compute as one pipeline. Its width is divided as the multiplications "
      "are.</p>\n" +
      work_chart(d);
  out += "<h2>Memory of each node</h2>\n" + memory_bars(d);
  return out +
         fmt::format(
             "<p>The arena of each node is all the RAM that it needs, for rows "
             "of activations, its state and its links. Beside it are one node "
             "that computes in rows, and the input and output of the largest "
             "layer, the least that engines need which keep whole tensors. "
             "Weights stay in flash, {:.1f} KB on the fullest node. A picture "
             "takes {:.1f} million multiplications.</p>\n</body></html>\n",
             static_cast<double>(d.flash) / 1024,
             static_cast<double>(d.macs) / 1e6);
}

}  // namespace shoal
