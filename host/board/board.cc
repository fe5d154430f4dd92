#include "host/board/board.h"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/toml_reader.h"
#include "host/board/board_files.h"
#include "host/board/figure_reader.h"

namespace shoal {
namespace {

// Reads keys of one profile; every key is required. `part`: where figures.h has
// the figures, "bank." for those of a bank.
class BoardReader : public TomlReader {
 public:
  BoardReader(std::string file, const toml::table& table, std::string what,
              std::string part = "")
      : TomlReader(std::move(file), table, std::move(what)),
        part_(std::move(part)) {}

  double figure(const char* key) { return required(figure_if(key), key); }
  std::string text(const char* key) {
    return required(TomlReader::text(key), key);
  }
  bool flag(const char* key) { return required(TomlReader::flag(key), key); }
  double figure_or_0(const char* key) { return figure_if(key).value_or(0); }
  double figure_or_1(const char* key) { return figure_if(key).value_or(1); }
  int64_t kilobytes(const char* key) {
    return static_cast<int64_t>(figure(key) * 1024);
  }

 private:
  std::optional<double> figure_if(const char* key) {
    return figure_of(*this, key, part_.c_str());
  }

  std::string part_;
};

Storage parse_storage(const std::string& name, const toml::table& table) {
  BoardReader r("storage.toml", table, name, "storage.");
  Storage s;
  s.name = name;
  s.title = r.text("title");
  s.read_bytes_per_s = r.figure("read_mb_per_s") * 1e6;
  s.read_latency_us = r.figure("read_latency_us");
  s.write_bytes_per_s = r.figure("write_mb_per_s") * 1e6;
  s.write_latency_us = r.figure("write_latency_us");
  s.write_bytes = static_cast<int64_t>(r.figure("write_bytes"));
  s.erase_bytes = r.kilobytes("erase_kb");
  s.erase_us = r.figure("erase_us");
  s.capacity_bytes = r.kilobytes("capacity_mb") * 1024;
  s.endurance_erases = r.figure("endurance_erases");
  s.endurance_bytes = r.figure("endurance_tb") * 1e12;
  s.read_j_per_byte = r.figure("read_nj_per_byte") * 1e-9;
  s.write_j_per_byte = r.figure("write_nj_per_byte") * 1e-9;
  s.idle_w = r.figure("idle_mw") * 1e-3;
  return s;
}

Storage storage_part(const std::string& board, const std::string& name) {
  static const toml::table all = parse_toml("storage.toml", storage_file());
  const toml::table* const part = all[name].as_table();
  if (part) return parse_storage(name, *part);
  throw Error(Exit::kUsage,
              "board " + board + ": storage.toml has no part '" + name + "'");
}

Emulator parse_emulator(BoardReader& r) {
  Emulator e;
  e.program = r.text("emulator.program");
  e.machine = r.text("emulator.machine");
  if (const toml::array* options = r.array("emulator.options")) {
    for (const toml::node& option : *options) {
      e.options.push_back(option.value_or(std::string()));
    }
  }
  e.drive = r.text("emulator.drive");
  e.storage_at = static_cast<int64_t>(r.figure("emulator.storage_at"));
  e.storage_bytes = r.kilobytes("emulator.storage_kb");
  if (r.has("emulator.memory_mb")) {
    e.memory_bytes = static_cast<int64_t>(r.figure("emulator.memory_mb")) << 20;
  }
  if (r.has("emulator.nic")) {
    e.nic = r.text("emulator.nic");
    e.flashed_at = static_cast<int64_t>(r.figure("emulator.flashed_at"));
  }
  e.icount_shift = static_cast<int>(r.figure("emulator.icount_shift"));
  return e;
}

Costs::Calls calls(BoardReader& r, const std::string& table) {
  const auto of = [&](const char* kernels) {
    return r.figure_or_0((table + kernels).c_str());
  };
  return {of(".pointwise"), of(".conv"), of(".depthwise")};
}

SecondCore second_core(BoardReader& r) {
  if (!r.table("second_core")) return {};
  SecondCore s = {static_cast<int64_t>(r.figure("second_core.least_products")),
                  r.figure("second_core.meeting_us"),
                  r.figure("second_core.contention"),
                  r.figure_or_1("second_core.speed")};
  // In the runtime's steps, so that the planner's bounds hold for its shares.
  s.speed = s.speed_parts() / 256.0;
  if (s.contention > 1 + s.speed) {
    r.fail("second_core.contention", "must be at most 1 + second_core.speed",
           "leave [second_core] out: one core alone is faster");
  }
  return s;
}

}  // namespace

Board parse_board(const std::string& id, const std::string& text) {
  const toml::table table = parse_toml("board " + id, text);
  BoardReader r("board " + id, table, "");
  Board b;
  b.name = id;
  b.title = r.text("title");
  b.core = r.text("core");
  if (r.has("measured")) b.measured = r.text("measured");
  b.cores = static_cast<int>(r.figure("cores"));
  b.clock_hz = r.figure("clock_mhz") * 1e6;
  b.fixed_kind = r.text("fixed_kind");
  for (const toml::table* one : r.tables("bank")) {
    BoardReader bank("board " + id, *one, "bank", "bank.");
    b.banks.push_back({bank.text("name"), bank.kilobytes("kb"),
                       bank.kilobytes("fixed_kb"),
                       bank.figure_or_0("mb_per_s") * 1e6});
  }
  b.flash_bytes = r.kilobytes("flash.kb");
  b.flash_mapped = r.flag("flash.mapped");
  b.costs = {.pointwise = r.figure("cycles.pointwise"),
             .conv = r.figure("cycles.conv"),
             .depthwise = r.figure("cycles.depthwise"),
             .fully_connected = r.figure("cycles.fully_connected"),
             .depthwise_5x5 = r.figure_or_0("cycles.depthwise_5x5"),
             .call_pixels = calls(r, "call_pixels"),
             .group_channels = calls(r, "group_channels"),
             .element = r.figure("cycles.element"),
             .sum = r.figure_or_0("cycles.sum"),
             .firing_us = r.figure("cost.firing_us"),
             .row_us = r.figure_or_0("cost.row_us"),
             .flash_bytes_per_s = r.figure("flash.mb_per_s") * 1e6,
             .cache_bytes = r.kilobytes("flash.cache_kb"),
             .second = second_core(r)};
  b.link = r.text("link.name");
  b.link_bits_per_s = r.figure("link.mbit_per_s") * 1e6;
  b.link_latency_us = r.figure("link.latency_us");
  b.framing_bytes = r.figure("link.framing_bytes");
  b.datagram_us = r.figure("cost.datagram_us");
  b.aead_cycles_per_byte = r.figure("cost.aead_cycles_per_byte");
  b.check_cycles_per_byte = r.figure("cost.check_cycles_per_byte");
  b.energy = {r.figure("energy.nj_per_mac") * 1e-9,
              r.figure("energy.active_mw") * 1e-3,
              r.figure("energy.sleep_mw") * 1e-3};
  if (const toml::array* parts = r.array("storage.parts")) {
    for (const toml::node& part : *parts) {
      b.storages.push_back(storage_part(id, part.value_or(std::string())));
    }
  }
  if (b.storages.empty()) {
    throw Error(Exit::kUsage, "board " + id + ": storage.parts is missing");
  }
  if (r.table("emulator")) {
    // shoal runs the program that this names, and a file that somebody hands
    // in could name any.
    if (is_board_file(id)) {
      r.fail("emulator", "is for the boards that come with shoal",
             "remove [emulator]; shoal emulate --board NAME takes those that "
             "`shoal boards` lists");
    }
    b.emulator = parse_emulator(r);
  }
  if (const toml::table* sources = r.table("sources")) {
    for (const auto& [key, value] : *sources) {
      b.sources.push_back(std::string(key.str()) + ": " +
                          value.value_or(std::string()));
    }
  }
  return b;
}

int64_t Board::arena_limit() const {
  int64_t best = 0;
  for (const Bank& bank : banks) {
    best = std::max(best, bank.free_bytes());
  }
  return best;
}

std::vector<Bank> Board::other_banks() const {
  std::vector<Bank> others = banks;
  std::ranges::stable_sort(others, std::greater(), &Bank::free_bytes);
  if (!others.empty()) others.erase(others.begin());
  std::erase_if(others, [](const Bank& b) { return b.free_bytes() <= 0; });
  others.resize(std::min(others.size(), kMostBanks));
  return others;
}

int64_t Board::fixed_bytes() const {
  int64_t sum = 0;
  for (const Bank& bank : banks) sum += bank.fixed_bytes;
  return sum;
}

const Storage& find_storage(const Board& board, const std::string& name) {
  if (name.empty()) return board.storages.front();
  std::string known;
  for (const Storage& s : board.storages) {
    if (s.name == name) return s;
    known += (known.empty() ? "" : ", ") + s.name;
  }
  throw Error(Exit::kUsage,
              "board " + board.name + " has no storage '" + name + "'",
              "one of: " + known);
}

std::vector<std::string> board_ids() {
  std::vector<std::string> ids;
  for (const BoardFile& file : board_files()) ids.push_back(file.id);
  return ids;
}

bool is_board_file(const std::string& id) { return id.ends_with(".toml"); }

namespace {

const Board& board_in(const std::string& file) {
  static std::mutex mutex;
  static std::map<std::string, Board> read;
  const std::lock_guard lock(mutex);
  const auto at = read.find(file);
  if (at != read.end()) return at->second;
  const std::vector<uint8_t> text = read_file(file, files::kToml);
  return read
      .emplace(file, parse_board(file, std::string(text.begin(), text.end())))
      .first->second;
}

}  // namespace

const Board& find_board(const std::string& id) {
  if (is_board_file(id)) return board_in(id);
  static const std::vector<Board> boards = [] {
    std::vector<Board> all;
    for (const BoardFile& f : board_files()) {
      all.push_back(parse_board(f.id, f.toml));
    }
    return all;
  }();
  for (const Board& board : boards) {
    if (board.name == id) return board;
  }
  std::string known;
  for (const Board& board : boards) {
    known += (known.empty() ? "" : ", ") + board.name;
  }
  throw Error(Exit::kUsage, "unknown board '" + id + "'", "one of: " + known);
}

}  // namespace shoal
