// The table, for people and for scripts.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "host/study/bench_node/bench_node.h"

namespace shoal {
namespace {

constexpr const char* kKind = "emulated; instructions, not cycles";

std::string number(const std::optional<double>& v) {
  return v ? fmt::format("{:.2f}", *v) : "-";
}

nlohmann::json json_number(const std::optional<double>& v) {
  return v ? nlohmann::json(*v) : nlohmann::json();
}

std::optional<double> ratio(const BenchLine& line) {
  if (!line.quoted) return std::nullopt;
  return line.all / *line.quoted;
}

const char* tag_name(BenchTag tag) {
  switch (tag) {
    case BenchTag::kChacha20Poly1305:
      return "ChaCha20-Poly1305";
    case BenchTag::kSums:
      return "sums";
    case BenchTag::kSha256:
      return "SHA-256";
  }
  return "?";
}

std::string beside_text(const BenchTable& table, const QuotedKernels& quoted) {
  if (!table.beside.empty()) return "beside: " + table.beside;
  return fmt::format("quoted: {} {:.12}, {},\n{}, {}", quoted.library,
                     quoted.commit, quoted.compiler, quoted.flags,
                     quoted.emulator);
}

nlohmann::json beside_json(const BenchTable& table,
                           const QuotedKernels& quoted) {
  if (!table.beside.empty()) {
    return {{"kind", "counted"}, {"kernels", table.beside}};
  }
  return {{"kind", "quoted"},        {"library", quoted.library},
          {"commit", quoted.commit}, {"compiler", quoted.compiler},
          {"flags", quoted.flags},   {"emulator", quoted.emulator}};
}

}  // namespace

std::string format_bench(const BenchTable& table, const QuotedKernels& quoted) {
  std::string text = fmt::format(
      "board {} ({}), {} kernels, emulated: instructions, not cycles,\n"
      "per multiply-accumulate (add: per element)\n\n"
      "{:<21} {:>7} {:>8} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}\n",
      table.board, table.core, table.kernels, "layer", "rows", "interior",
      "border", "band", "all", table.beside.empty() ? "quoted" : "beside",
      "ratio", "cycles");
  for (const BenchLine& line : table.lines) {
    text += fmt::format(
        "{:<21} {:>7} {:>8} {:>6} {:>6} {:>6.2f} {:>6} {:>6} {:>6}\n",
        line.layer->name,
        fmt::format("{}/{}", line.rows, out_height(*line.layer)),
        number(line.interior), number(line.border), number(line.band), line.all,
        number(line.quoted), number(ratio(line)), number(line.cycles));
  }
  if (const std::optional<BenchWhole> whole = whole_network(table)) {
    const std::optional<double> part =
        whole->quoted ? std::optional(whole->per_mac / *whole->quoted)
                      : std::nullopt;
    text +=
        fmt::format("{:<51} {:>6.2f} {:>6} {:>6} {:>6}\n",
                    "MobileNetV2 at 224x224, from these layers", whole->per_mac,
                    number(whole->quoted), number(part), number(whole->cycles));
  }
  text += fmt::format(
      "\nrows: run, at full width and channels, of the layer's; border: those "
      "that see\nrows of padding; band: the first rows, up to 4, in one call "
      "where the runtime makes\none of them; all: the whole layer, a row a "
      "call. Results are checked against this\nmachine's kernels.\n{}\n",
      beside_text(table, quoted));
  if (!table.timed.empty()) {
    text += fmt::format(
        "cycles: estimated for a {} with memory that answers at once, from "
        "what was\nexecuted and a table of timings ({})\n",
        table.timed, table.timings);
  }
  text += "\nchecking what a store holds, instructions per byte:\n";
  for (const BenchCipherLine& line : table.ciphers) {
    text += fmt::format("{:<21} {:>9.2f}  {}\n", line.cipher->name,
                        line.per_byte, tag_name(line.cipher->tag));
  }
  text += fmt::format(
      "\na session's handshake with identities (Noise KK, X25519 of Everest): "
      "{:.2f} million\ninstructions of a node; the measurement has used {} B "
      "of stack at most\n",
      table.handshake.instructions / 1e6, table.handshake.stack_bytes);
  return text;
}

std::string bench_json(const BenchTable& table, const QuotedKernels& quoted) {
  nlohmann::json json{{"board", table.board},
                      {"core", table.core},
                      {"kernels", table.kernels},
                      {"kind", kKind},
                      {"timings", table.timings},
                      {"quoted", beside_json(table, quoted)},
                      {"layers", nlohmann::json::array()},
                      {"ciphers", nlohmann::json::array()}};
  for (const BenchLine& line : table.lines) {
    json["layers"].push_back(
        {{"name", line.layer->name},
         {"class", bench_kind_name(line.layer->kind)},
         {"rows", line.rows},
         {"border_rows", line.border_rows},
         {"layer_rows", out_height(*line.layer)},
         {"macs", macs_per_row(*line.layer) * out_height(*line.layer)},
         {"interior_per_mac", json_number(line.interior)},
         {"border_per_mac", json_number(line.border)},
         {"band_per_mac", json_number(line.band)},
         {"per_mac", line.all},
         {"quoted_per_mac", json_number(line.quoted)},
         {"ratio", json_number(ratio(line))},
         {"estimated_cycles_per_mac", json_number(line.cycles)}});
  }
  if (const std::optional<BenchWhole> whole = whole_network(table)) {
    json["mobilenet_v2"] = {
        {"per_mac", whole->per_mac},
        {"quoted_per_mac", json_number(whole->quoted)},
        {"estimated_cycles_per_mac", json_number(whole->cycles)}};
  }
  for (const BenchCipherLine& line : table.ciphers) {
    json["ciphers"].push_back({{"name", line.cipher->name},
                               {"tag", tag_name(line.cipher->tag)},
                               {"bytes", line.cipher->bytes},
                               {"per_byte", line.per_byte}});
  }
  json["handshake"] = {{"instructions", table.handshake.instructions},
                       {"stack_bytes", table.handshake.stack_bytes}};
  return json.dump(2) + "\n";
}

}  // namespace shoal
