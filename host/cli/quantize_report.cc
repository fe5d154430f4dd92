#include "host/cli/quantize_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/base/size.h"
#include "host/base/table.h"
#include "host/cli/output.h"

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kDoubtfulDb = 10;

// Without any error the ratio is infinite, which JSON cannot say.
Json decibels(double v) { return std::isfinite(v) ? Json(v) : Json(nullptr); }

std::string decibel_text(double v) {
  if (!std::isfinite(v)) return v > 0 ? "exact" : "lost";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f dB", v);
  return text;
}

void print_layers(const std::vector<LayerReport>& layers) {
  constexpr size_t kLongest = 36;
  TextTable table({{"op"},
                   {"kind", Align::kLeft},
                   {"layer", Align::kLeft, 2},
                   {"lowest"},
                   {"highest"},
                   {"scale", Align::kRight, 1},
                   {"zero", Align::kRight, 1},
                   {"clipped"},
                   {"SNR"}});
  for (const LayerReport& l : layers) {
    const bool cut = l.name.size() > kLongest;
    const std::string name =
        cut ? "..." + l.name.substr(l.name.size() - kLongest + 3) : l.name;
    table.add({std::to_string(l.op), l.kind, name,
               fmt::format("{:.5g}", l.lowest),
               fmt::format("{:.5g}", l.highest), fmt::format("{:.5g}", l.scale),
               std::to_string(l.zero), fmt::format("{:.3f}%", 100 * l.clipped),
               decibel_text(l.snr_db)});
  }
  say_table(table);
}

void print_accuracy(const AccuracyPair& a) {
  const auto line = [](const char* name, const Accuracy& of) {
    say("%-9stop-1 %.2f %%, top-5 %.2f %% of %s frames\n", name,
        100 * fraction(of.top1, of.frames), 100 * fraction(of.top5, of.frames),
        format_count(of.frames).c_str());
  };
  say("\naccuracy on %s\n", a.data.c_str());
  line("float", a.floats);
  line("int8", a.int8);
}

Json accuracy_json(const Accuracy& a) {
  return {{"frames", a.frames},
          {"top1", fraction(a.top1, a.frames)},
          {"top5", fraction(a.top5, a.frames)}};
}

}  // namespace

const SnrReport* snr_below(const QuantizeReport& report, double db) {
  const SnrReport* worst = nullptr;
  for (const SnrReport& j : report.judged) {
    if (j.snr_db >= db) continue;
    if (worst == nullptr || j.snr_db < worst->snr_db) worst = &j;
  }
  return worst;
}

void tell_doubts(const QuantizeReport& report) {
  constexpr size_t kMost = 5;
  for (const std::string& note : report.notes) tell("%s\n", note.c_str());
  std::vector<const SnrReport*> low;
  for (const SnrReport& j : report.judged) {
    if (j.snr_db < kDoubtfulDb) low.push_back(&j);
  }
  for (size_t i = 0; i < std::min(kMost, low.size()); ++i) {
    tell("warning: %s: only %s against float (%s): %s\n", low[i]->what.c_str(),
         decibel_text(low[i]->snr_db).c_str(), low[i]->range.c_str(),
         low[i]->fix.c_str());
  }
  if (low.size() > kMost) {
    tell("warning: %zu more are below %.0f dB, see the column SNR\n",
         low.size() - kMost, kDoubtfulDb);
  }
}

void print_quantized(const QuantizeOutcome& o) {
  say("%s: %s frames of %s, ranges %s, %.1f s\n\n", o.model.c_str(),
      format_count(o.frames).c_str(), o.calibration.c_str(), o.ranges.c_str(),
      o.seconds);
  print_layers(o.report.layers);
  say("\noutput   %s against float%s%s\n",
      decibel_text(o.report.output_snr_db).c_str(),
      o.report.output_before.empty()
          ? ""
          : (", before " + o.report.output_before).c_str(),
      o.report.equalized ? ", channels equalized across layers" : "");
  if (o.pictures) {
    say("pictures %s: no --mean or --std for the int8 model\n",
        o.plain_pixels ? "byte = pixel - 128" : "the file has mean and std");
  }
  if (o.accuracy) print_accuracy(*o.accuracy);
  say("\nwrote    %s, %s, read back and checked\n", o.output.c_str(),
      format_bytes(o.output_bytes).c_str());
}

void print_quantized_json(const QuantizeOutcome& o) {
  Json layers = Json::array();
  for (const LayerReport& l : o.report.layers) {
    layers.push_back({{"op", l.op},
                      {"kind", l.kind},
                      {"name", l.name},
                      {"lowest", l.lowest},
                      {"highest", l.highest},
                      {"scale", l.scale},
                      {"zero", l.zero},
                      {"clipped", l.clipped},
                      {"snr_db", decibels(l.snr_db)}});
  }
  Json judged = Json::array();
  for (const SnrReport& j : o.report.judged) {
    judged.push_back(
        {{"what", j.what}, {"range", j.range}, {"snr_db", decibels(j.snr_db)}});
  }
  Json json{{"model", o.model},
            {"output", o.output},
            {"output_bytes", o.output_bytes},
            {"calibration", o.calibration},
            {"frames", o.frames},
            {"ranges", o.ranges},
            {"seconds", o.seconds},
            {"equalized", o.report.equalized},
            {"output_snr_db", decibels(o.report.output_snr_db)},
            {"plain_pixels", o.plain_pixels},
            {"judged", judged},
            {"notes", o.report.notes},
            {"layers", layers}};
  if (o.accuracy) {
    json["accuracy"] = {{"data", o.accuracy->data},
                        {"float", accuracy_json(o.accuracy->floats)},
                        {"int8", accuracy_json(o.accuracy->int8)}};
  }
  if (!o.note.empty()) json["note"] = o.note;
  say_json(json);
}

}  // namespace shoal
