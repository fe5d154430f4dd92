#include "host/program/store/store_info.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "device/keys/hmac.h"
#include "host/base/error.h"
#include "host/base/hex.h"
#include "host/model/graph/digits.h"
#include "host/oracle/golden/checksum.h"
#include "host/program/store/detection_json.h"
#include "host/program/store/json_fields.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr int kVersion = 3;
constexpr size_t kMostEnds = 1024, kMostLayers = 65535, kMostNodes = 65535;
constexpr size_t kMostLabels = 1000000, kLongestName = 4096, kMostChannels = 16;

Tensor& add_tensor(Graph& graph, std::vector<int>& ends) {
  ends.push_back(static_cast<int>(graph.tensors.size()));
  return graph.tensors.emplace_back();
}

// An input or output without the model around it. Float inputs keep the
// QUANTIZE that pictures are made for.
void add_end(StoreInfo& info, Tensor tensor, NetIo io, bool is_input) {
  Graph& g = info.graph;
  tensor.constant = false;
  tensor.data.clear();
  add_tensor(g, is_input ? g.inputs : g.outputs) = std::move(tensor);
  const int index = static_cast<int>(g.tensors.size()) - 1;
  io.file_tensor = index;
  io.place.view.tensor = index;
  const bool to_int16 = io.conversion == Conversion::kQuantize16;
  if (is_input && (io.conversion == Conversion::kQuantize || to_int16)) {
    Op quantize;
    quantize.kind = OpKind::kQuantize;
    quantize.inputs = {index};
    Tensor& q = add_tensor(g, quantize.outputs);
    q.shape = g.tensors[static_cast<size_t>(index)].shape;
    q.quant = {{io.scale}, {io.zero}, 0};
    if (to_int16) q.type = q.file_type = Type::kInt16;
    g.ops.push_back(std::move(quantize));
  }
  (is_input ? info.net.inputs : info.net.outputs).push_back(std::move(io));
}

json end_json(const StoreInfo& info, const NetIo& io) {
  const Tensor& t = info.graph.tensors[static_cast<size_t>(io.file_tensor)];
  const Box& box = io.place.view.box;
  const bool to_int16 = io.conversion == Conversion::kQuantize16;
  const bool quantize = io.conversion == Conversion::kQuantize || to_int16;
  json end = {{"name", t.name},
              {"type", type_name(t.file_type)},
              {"shape", t.shape},
              {"scale", quantize ? io.scale : t.scale()},
              {"zero", quantize ? io.zero : t.zero()},
              {"rows", box.rows() / info.net.frames},
              {"columns", box.columns()},
              {"channels", box.channels()},
              {"perm", io.place.perm}};
  if (to_int16) end["quantized"] = type_name(Type::kInt16);
  return end;
}

json node_json(const StoredNode& n) {
  return {{"name", n.name},
          {"file", n.file},
          {"board", n.board},
          {"storage", n.storage},
          {"arena_bytes", n.arena_bytes},
          {"stages", n.stages},
          {"mapped", n.mapped},
          {"hash", n.hash},
          {"store_id", n.store_id},
          {"store_bytes", n.store_bytes},
          {"storage_read_bytes", n.storage_read_bytes},
          {"storage_written_bytes", n.storage_written_bytes}};
}

constexpr const char* kTagField = "\"tag\": \"";
constexpr size_t kTagDigits = 64;

// Where the tag's digits are; npos: there are none.
size_t find_tag(const std::string& text) {
  const size_t at = text.rfind(kTagField);
  if (at == std::string::npos) return at;
  const size_t first = at + std::string(kTagField).size();
  return text.size() - first < kTagDigits ? std::string::npos : first;
}

// Over the whole text, the tag's digits as zeros: it is known to be ours
// before it is parsed.
std::string tag_of(std::string text, size_t tag,
                   const std::optional<SharedKey>& key) {
  std::fill_n(text.begin() + static_cast<int64_t>(tag), kTagDigits, '0');
  text.insert(0, "shoal store.json ");
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text.data());
  if (!key) return sha256_hex({bytes, text.size()});
  uint8_t mac[kHmacBytes];
  hmac_sha256(key->data(), static_cast<uint32_t>(key->size()), bytes,
              static_cast<uint32_t>(text.size()), mac);
  return to_hex(mac);
}

void check_tag(const std::string& file, const std::string& text,
               const std::optional<SharedKey>& key) {
  const size_t at = find_tag(text);
  if (at == std::string::npos) {
    throw Error(Exit::kCorrupt, file + ": not the description of stores");
  }
  const std::string tag = text.substr(at, kTagDigits);
  if (tag == tag_of(text, at, key)) return;
  const bool plain = tag == tag_of(text, at, std::nullopt);
  if (key && plain) {
    throw Error(Exit::kCorrupt,
                file +
                    ": these stores are not sealed: their writer had"
                    "no key",
                "--no-encrypt trusts them all the same");
  }
  if (!key && text.find("\"sealed\": true") != std::string::npos) {
    throw Error(Exit::kUsage, file + ": these stores are sealed by a key",
                "--store-key FILE with the key that they were built with");
  }
  throw Error(Exit::kCorrupt, file + (key ? ": changed, or written with "
                                            "another key"
                                          : ": changed since it was written"));
}

Type parse_type(const JsonFields& f) {
  const std::string name = f.text("type", kLongestName);
  for (const Type t : {Type::kInt8, Type::kUint8, Type::kFloat32, Type::kInt32,
                       Type::kInt64, Type::kBool, Type::kInt16}) {
    if (name == type_name(t)) return t;
  }
  f.refuse("type " + name + " is unknown");
}

void parse_perm(const JsonFields& f, size_t rank, std::vector<int>& perm) {
  perm = f.numbers("perm", 0, static_cast<int>(rank) - 1, rank);
  if (perm.empty()) return;
  std::vector<int> sorted = perm, axes(rank);
  std::sort(sorted.begin(), sorted.end());
  std::iota(axes.begin(), axes.end(), 0);
  if (sorted != axes) f.refuse("perm is not an order of the axes");
}

void parse_end(const JsonFields& f, StoreInfo& info, bool is_input) {
  constexpr int kMostElements = 0x7FFFFFFF / 4;
  Tensor t;
  t.name = f.text("name", kLongestName);
  t.file_type = parse_type(f);
  const bool bytes = t.file_type == Type::kUint8 || t.file_type == Type::kBool;
  t.type = bytes ? Type::kInt8 : t.file_type;
  t.shape = f.numbers("shape", 1, kMaxRows, 8);
  int64_t elements = 1;
  for (const int d : t.shape) {
    elements *= d;
    if (elements > kMostElements) f.refuse("shape is too large");
  }
  NetIo io;
  const int rows = static_cast<int>(f.number("rows", 1, kMaxRows));
  const int columns = static_cast<int>(f.number("columns", 1, kMaxColumns));
  const int channels = static_cast<int>(f.number("channels", 1, kMaxChannels));
  const int64_t held = int64_t{rows} * columns * channels;
  // Bytes of a number: two of a place, more of digits.
  const int64_t parts = held / elements;
  const bool places = !is_input && held == parts * elements && parts >= 2 &&
                      parts <= kMostDigits && columns * channels % parts == 0 &&
                      t.type != Type::kInt8 && !is_int16(t);
  if (held != elements && !places) {
    f.refuse("rows, columns and channels are not the shape's");
  }
  const int frames = info.net.frames;
  if (rows > kMaxRows / frames) f.refuse("rows of all frames are too many");
  io.place.view.box = {0, rows * frames, 0, columns, 0, channels};
  parse_perm(f, t.shape.size(), io.place.perm);
  const auto scale = static_cast<float>(f.real("scale"));
  const auto zero = static_cast<int>(f.number("zero", -128, 127));
  if (!(scale >= 0)) f.refuse("scale is negative");
  if (std::isinf(scale)) f.refuse("scale is too large");
  const bool numbers = !is_input && (is_wide(t.type) ||
                                     (t.type == Type::kFloat32 && scale == 0));
  if (is_wide(t.type) && is_input) f.refuse("an input of whole numbers");
  if (places && !io.place.perm.empty()) f.refuse("places in another order");
  if (numbers || places) {
    if (!numbers) f.refuse("several bytes for each value");
    io.conversion = !places      ? Conversion::kNumber
                    : parts == 2 ? Conversion::kPlace
                                 : Conversion::kDigits;
  } else if (t.type == Type::kFloat32) {
    if (scale == 0) f.refuse("scale is 0");
    io.conversion = Conversion::kQuantize;
    if (f.has("quantized")) {
      const std::string to = f.text("quantized", kLongestName);
      if (to != type_name(Type::kInt16)) f.refuse("quantized as " + to);
      if (zero != 0) f.refuse("int16 with a zero point");
      io.conversion = Conversion::kQuantize16;
    }
    io.scale = scale, io.zero = zero;
  } else {
    if (t.file_type == Type::kUint8) io.conversion = Conversion::kFlip;
    if (is_int16(t) && zero != 0) f.refuse("int16 with a zero point");
    if (scale > 0) t.quant = {{scale}, {zero}, 0};
  }
  add_end(info, std::move(t), std::move(io), is_input);
}

json pixels_json(const std::optional<Normalization>& pixels) {
  json all = json::array();
  if (!pixels) return all;
  const auto at = [](const std::vector<float>& values, size_t c) {
    return values[std::min(c, values.size() - 1)];
  };
  const size_t n = std::max(pixels->mean.size(), pixels->deviation.size());
  for (size_t c = 0; c < n; ++c) {
    all.push_back({{"mean", at(pixels->mean, c)},
                   {"deviation", at(pixels->deviation, c)}});
  }
  return all;
}

std::optional<Normalization> parse_pixels(const JsonFields& f) {
  Normalization all;
  for (const JsonFields& channel : f.objects("pixels", kMostChannels)) {
    all.mean.push_back(static_cast<float>(channel.real("mean")));
    all.deviation.push_back(static_cast<float>(channel.real("deviation")));
    if (!std::isfinite(all.mean.back()) ||
        !std::isfinite(all.deviation.back()) || all.deviation.back() <= 0) {
      channel.refuse("mean or deviation cannot be meant");
    }
  }
  if (all.mean.empty()) return std::nullopt;
  return all;
}

void parse_ends(const JsonFields& f, StoreInfo& info) {
  info.graph.name = info.net.name = f.text("model", kLongestName);
  for (const JsonFields& end : f.objects("inputs", kMostEnds)) {
    parse_end(end, info, true);
  }
  for (const JsonFields& end : f.objects("outputs", kMostEnds)) {
    parse_end(end, info, false);
  }
  if (info.net.outputs.empty()) f.refuse("there are no outputs");
  info.graph.pixels = parse_pixels(f);
}

json ends_json(const StoreInfo& info) {
  json fields{{"model", info.graph.name},
              {"inputs", json::array()},
              {"outputs", json::array()},
              {"pixels", pixels_json(info.graph.pixels)}};
  for (const NetIo& io : info.net.inputs) {
    fields["inputs"].push_back(end_json(info, io));
  }
  for (const NetIo& io : info.net.outputs) {
    fields["outputs"].push_back(end_json(info, io));
  }
  return fields;
}

// A name becomes a file's: it must not lead out of the folder.
std::string parse_file_name(const JsonFields& f, const char* field) {
  const std::string name = f.text(field, 200);
  if (name.empty() || name[0] == '.' ||
      name.find_first_of(std::string("/\\\0", 3)) != std::string::npos) {
    f.refuse(std::string(field) + " is not a file name");
  }
  return name;
}

StoredNode parse_node(const JsonFields& f) {
  constexpr int64_t kMost = 0x7FFFFFFF, kMostTraffic = int64_t{1} << 50;
  StoredNode n;
  n.name = parse_file_name(f, "name");
  n.file = parse_file_name(f, "file");
  n.board = f.text("board", kLongestName);
  n.storage = f.text("storage", kLongestName);
  n.arena_bytes = static_cast<uint32_t>(f.number("arena_bytes", 1, kMost));
  n.stages = static_cast<int>(f.number("stages", 1, 65535));
  n.mapped = f.flag("mapped");
  n.hash = f.hex("hash", 64);
  n.store_id = f.hex("store_id", 32);
  n.store_bytes = f.number("store_bytes", 0, int64_t{1} << 32);
  n.storage_read_bytes = f.number("storage_read_bytes", 0, kMostTraffic);
  n.storage_written_bytes = f.number("storage_written_bytes", 0, kMostTraffic);
  return n;
}

}  // namespace

std::string hex_number(uint64_t value) {
  std::string text(16, '0');
  for (size_t i = text.size(); i-- > 0; value >>= 4) {
    text[i] = "0123456789abcdef"[value & 15];
  }
  return text;
}

void set_ends(StoreInfo& info, const Graph& graph, const Net& net) {
  info.graph.name = graph.name;
  info.graph.pixels = graph.pixels;
  info.net.name = net.name;
  info.net.frames = net.frames;
  const auto add = [&](const NetIo& io, bool is_input) {
    add_end(info, graph.tensors.at(static_cast<size_t>(io.file_tensor)), io,
            is_input);
  };
  for (const NetIo& io : net.inputs) add(io, true);
  for (const NetIo& io : net.outputs) add(io, false);
  for (const Layer& layer : net.layers) info.layers.push_back(layer.name);
}

std::string format_ends(const StoreInfo& info) {
  json fields = ends_json(info);
  if (!info.layer_us.empty()) {
    fields["layers"] = info.layers;
    for (const double us : info.layer_us) {
      fields["layer_us"].push_back(std::round(10 * us) / 10);
    }
  }
  return fields.dump(-1, ' ', false, json::error_handler_t::replace);
}

StoreInfo parse_ends(const std::string& from, const std::string& text) {
  const json fields = json::parse(text, nullptr, false);
  StoreInfo info;
  const JsonFields f(from, fields);
  parse_ends(f, info);
  if (!f.has("layer_us")) return info;
  info.layers = f.texts("layers", kMostLayers);
  info.layer_us = f.reals("layer_us", kMostLayers);
  if (info.layers.size() != info.layer_us.size()) {
    f.refuse("layers and layer_us have different lengths");
  }
  for (const double us : info.layer_us) {
    if (us < 0) f.refuse("layer_us is negative");
  }
  return info;
}

std::string format_store_info(const StoreInfo& info,
                              const std::optional<SharedKey>& key) {
  json fields = ends_json(info);
  fields.update({{"format", "shoal store"},
                 {"version", kVersion},
                 {"frames", info.net.frames},
                 {"layers", info.layers},
                 {"labels", info.labels},
                 {"generation", hex_number(info.generation)},
                 {"sealed", info.sealed},
                 {"linked", info.linked},
                 {"nodes", json::array()}});
  for (const StoredNode& n : info.nodes)
    fields["nodes"].push_back(node_json(n));
  // Lists of one, or absent.
  if (info.detection)
    fields["detection"] = json::array({detection_json(*info.detection)});
  fields["tag"] = std::string(kTagDigits, '0');
  std::string text =
      fields.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  const size_t at = find_tag(text);
  return text.replace(at, kTagDigits, tag_of(text, at, key));
}

StoreInfo parse_store_info(const std::string& file, const std::string& text,
                           const std::optional<SharedKey>& key) {
  check_tag(file, text, key);
  const json fields = json::parse(text, nullptr, false);
  const JsonFields f(file, fields);
  if (f.text("format", 64) != "shoal store") f.refuse("not a shoal store");
  if (f.number("version", 0, 1 << 30) != kVersion) {
    f.refuse("another version of the format");
  }
  StoreInfo info;
  info.sealed = f.flag("sealed");
  if (info.sealed != key.has_value()) f.refuse("sealed is wrong");
  info.net.frames = static_cast<int>(f.number("frames", 1, 65535));
  parse_ends(f, info);
  info.layers = f.texts("layers", kMostLayers);
  info.labels = f.texts("labels", kMostLabels);
  if (f.has("detection")) {
    for (const JsonFields& op : f.objects("detection", 1)) {
      info.detection = parse_detection(op, info.graph);
    }
  }
  info.generation = std::stoull(f.hex("generation", 16), nullptr, 16);
  info.linked = f.flag("linked");
  for (const JsonFields& node : f.objects("nodes", kMostNodes)) {
    info.nodes.push_back(parse_node(node));
  }
  if (info.nodes.empty()) f.refuse("there are no nodes");
  return info;
}

}  // namespace shoal
