#include "host/export/board_facts.h"

#include "host/base/toml_reader.h"
#include "host/board/board.h"
#include "host/export/embedded.h"

namespace shoal {

std::string BoardFacts::fact(const std::string& ecosystem,
                             const std::string& key) const {
  const auto facts = ecosystems.find(ecosystem);
  if (facts == ecosystems.end()) return "";
  const auto at = facts->second.find(key);
  return at == facts->second.end() ? "" : at->second;
}

BoardFacts board_facts(const std::string& board) {
  BoardFacts facts;
  if (const BootFacts* const boots = find_boot_facts(board)) {
    facts.cpu_flags = boots->cpu_flags;
  }
  const std::string name = "boards/" + board + "/export.toml";
  const EmbeddedFile* const file = find_embedded(name);
  if (!file) return facts;
  const toml::table table = parse_toml(name, std::string(file->bytes));
  TomlReader r(name, table, "");
  if (const auto flags = r.text("cpu_flags")) facts.cpu_flags = *flags;
  facts.arena_section = r.text("arena_section").value_or("");
  facts.image_section = r.text("image_section").value_or("");
  facts.network = r.text("network").value_or("");
  for (const auto& [key, value] : table) {
    const toml::table* const one = value.as_table();
    if (!one) continue;
    auto& words = facts.ecosystems[std::string(key.str())];
    for (const auto& [word, text] : *one) {
      words[std::string(word.str())] = text.value_or(std::string());
    }
  }
  return facts;
}

std::vector<std::string> boards_of(const std::string& ecosystem) {
  std::vector<std::string> ids;
  for (const std::string& id : board_ids()) {
    if (board_facts(id).ecosystems.contains(ecosystem)) ids.push_back(id);
  }
  return ids;
}

}  // namespace shoal
