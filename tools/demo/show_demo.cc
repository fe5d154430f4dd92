// Shows what demo.sh found, as text and as one HTML page that needs nothing
// else:
//   show_demo FOLDER PAGE.html PICTURE...
// FOLDER holds what `shoal ... --json` said: inspect.json, plan.json (of the
// nodes), single.json (the plan for one node), many.json and one.json (results
// of the pictures, whose folders are named after their classes). Ends with 1 if
// one node gave other bytes than many.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/data/image/picture.h"

namespace shoal {
namespace {

constexpr int kWide = 18, kTall = 9, kPerLine = 4;  // pictures of letters
constexpr int kBar = 44;                            // letters

struct Shown {
  std::string truth, answer;
  std::vector<uint8_t> file;
  Picture picture;
  double score = 0;
  bool same = false;
  bool right() const { return answer == truth; }
};

// Memory of something, in bytes.
struct Bar {
  std::string name;
  int64_t bytes = 0;
  bool whole = false;  // whole tensors
};

struct Demo {
  std::string model;
  std::vector<Shown> pictures;
  std::vector<Bar> bars;
  int64_t macs = 0, flash = 0;
  int64_t right() const {
    return std::ranges::count_if(pictures, &Shown::right);
  }
  int64_t same() const {
    return std::ranges::count_if(pictures, [](auto& p) { return p.same; });
  }
  int64_t widest() const {
    return std::ranges::max(bars, {}, &Bar::bytes).bytes;
  }
};

nlohmann::json read_json(const std::string& path) {
  return nlohmann::json::parse(read_file(path));
}

Shown read_picture(const nlohmann::json& many, const nlohmann::json& one,
                   const std::filesystem::path& path) {
  Shown s;
  s.truth = path.parent_path().filename().string();
  s.answer = many.at("top").at(0).at("label");
  s.score = many.at("top").at(0).at("score");
  s.file = read_file(path.string());
  s.picture = decode_picture(s.file, path.string());
  s.same = many.at("output_sha256") == one.at("output_sha256");
  return s;
}

// Input and output of the largest operator, paddings not counted: there are
// engines that have none.
int64_t largest_layer(const nlohmann::json& model) {
  int64_t most = 0;
  for (const auto& op : model.at("ops")) {
    const std::string kind = op.at("opcode");
    if (kind.starts_with("PAD")) continue;
    most = std::max<int64_t>(most, op.at("in_out_bytes"));
  }
  return most;
}

Demo read_demo(const std::string& folder,
               const std::vector<std::string>& pictures) {
  const nlohmann::json model = read_json(folder + "/inspect.json");
  const nlohmann::json plan = read_json(folder + "/plan.json");
  const nlohmann::json single = read_json(folder + "/single.json");
  Demo d;
  d.model = model.at("model");
  d.macs = model.at("macs");
  const nlohmann::json many = read_json(folder + "/many.json");
  const nlohmann::json one = read_json(folder + "/one.json");
  for (size_t n = 0; n < pictures.size(); ++n) {
    d.pictures.push_back(read_picture(many.at("results").at(n),
                                      one.at("results").at(n), pictures[n]));
  }
  for (const auto& node : plan.at("nodes")) {
    d.bars.push_back({node.at("name"), node.at("arena_bytes")});
    d.flash = std::max<int64_t>(d.flash, node.at("program_bytes"));
  }
  d.bars.push_back({"one node", single.at("nodes").at(0).at("arena_bytes")});
  d.bars.push_back({"whole tensors", largest_layer(model), true});
  return d;
}

std::string kilobytes(int64_t bytes) {
  return fmt::format("{:.1f} KB", static_cast<double>(bytes) / 1024);
}

// One line of a picture's letters, from dark to light.
std::string letters(const Picture& small, int y) {
  static constexpr std::string_view kRamp = " .:-=+*#%@";
  std::string line;
  for (int x = 0; x < kWide; ++x) {
    const uint8_t value = small.rgb[static_cast<size_t>(y * kWide + x) * 3];
    line += kRamp[value * kRamp.size() / 256];
  }
  return line;
}

void print_pictures(const Demo& d) {
  for (size_t first = 0; first < d.pictures.size(); first += kPerLine) {
    const size_t end = std::min(first + kPerLine, d.pictures.size());
    for (int y = 0; y < kTall; ++y) {
      for (size_t i = first; i < end; ++i) {
        std::printf(
            "%s  ",
            letters(resize(d.pictures[i].picture, kWide, kTall), y).c_str());
      }
      std::printf("\n");
    }
    for (size_t i = first; i < end; ++i) {
      const Shown& p = d.pictures[i];
      std::printf(
          "%-*s", kWide + 2,
          (p.right() ? p.answer : p.answer + ", is " + p.truth).c_str());
    }
    std::printf("\n\n");
  }
}

void print_text(const Demo& d) {
  print_pictures(d);
  std::printf("The arena, all the RAM that a node needs:\n");
  for (const Bar& bar : d.bars) {
    const auto length = std::max<int64_t>(1, kBar * bar.bytes / d.widest());
    std::printf("  %-14s %9s  %s\n", bar.name.c_str(),
                kilobytes(bar.bytes).c_str(),
                std::string(static_cast<size_t>(length), '#').c_str());
  }
  std::printf(
      "(\"whole tensors\": input and output of the largest layer, which\n"
      "engines that keep whole tensors need at least.)\n\n"
      "%zu pictures, %lld labelled right; %lld of %zu with the bytes that one "
      "node gives\n",
      d.pictures.size(), static_cast<long long>(d.right()),
      static_cast<long long>(d.same()), d.pictures.size());
}

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
.pictures { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
figure { margin: 0; } figcaption { font-weight: 600; }
figure img { width: 100%; image-rendering: pixelated; border-radius: 4px; }
small { display: block; font-weight: 400; opacity: 0.7; }
.wrong { color: #c2490c; }
.bars { display: grid; grid-template-columns: max-content max-content 1fr;
  gap: 0.3rem 1rem; font-variant-numeric: tabular-nums; }
.bars span { text-align: right; }
.bars i { display: block; height: 1.1rem; margin-top: 0.2rem;
  background: #1460b8; border-radius: 2px; }
.bars i.whole { background: #c2490c; }
)css";

constexpr const char* kEnd = R"html(</div>
<p>The arena of each node: all the RAM that it needs, for rows of activations,
its state and its links, known to the byte before anything runs. Beside it one
node that computes in rows, and input and output of the largest layer, which
engines that keep whole tensors need at least. Weights stay in flash, {} on
the fullest node. A picture takes {:.1f} million multiplications.</p>
</body></html>
)html";

std::string page(const Demo& d) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<title>shoal: {0} on {1} nodes</title>\n<style>{2}</style></head>"
      "<body>\n<h1>{0} on {1} small nodes</h1>\n<p>{3} pictures of clothes, "
      "each computed by {1} processes that talk over UDP as microcontrollers "
      "would: {4} labelled right, {5} with exactly the bytes that one node "
      "gives.</p>\n<div class=\"pictures\">\n",
      escape(d.model), d.bars.size() - 2, kStyle, d.pictures.size(), d.right(),
      d.same());
  for (const Shown& p : d.pictures) {
    out += fmt::format(
        "<figure><img src=\"data:image/png;base64,{}\" alt=\"{}\">"
        "<figcaption{}>{}<small>{}</small></figcaption></figure>\n",
        base64(p.file), escape(p.truth), p.right() ? "" : " class=\"wrong\"",
        escape(p.answer),
        p.right() ? fmt::format("score {:.2f}", p.score)
                  : "is: " + escape(p.truth));
  }
  out += "</div>\n<h2>Memory</h2>\n<div class=\"bars\">\n";
  for (const Bar& bar : d.bars) {
    out += fmt::format(
        "<b>{}</b><span>{}</span><i{} style=\"width: {:.1f}%\"></i>\n",
        escape(bar.name), kilobytes(bar.bytes),
        bar.whole ? " class=\"whole\"" : "",
        100.0 * static_cast<double>(bar.bytes) /
            static_cast<double>(d.widest()));
  }
  return out + fmt::format(kEnd, kilobytes(d.flash),
                           static_cast<double>(d.macs) / 1e6);
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: show_demo FOLDER PAGE.html PICTURE...\n");
    return 2;
  }
  try {
    const shoal::Demo demo = shoal::read_demo(argv[1], {argv + 3, argv + argc});
    shoal::print_text(demo);
    shoal::write_file(argv[2], shoal::page(demo));
    return demo.same() == std::ssize(demo.pictures) ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "show_demo: %s\n", e.what());
    return 2;
  }
}
