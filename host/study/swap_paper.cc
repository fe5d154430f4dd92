#include "host/study/swap_paper.h"

#include "host/base/toml_reader.h"

namespace shoal {

SwapPaper parse_swap_paper(const std::string& file, const std::string& toml) {
  const toml::table root = parse_toml(file, toml);
  const auto text = [](TomlReader& r, const char* key) {
    return r.required(r.text(key), key);
  };
  TomlReader r(file, root, "");
  SwapPaper paper;
  paper.source = text(r, "source");
  paper.finding = text(r, "finding");
  const std::vector<const toml::table*> concerns = r.tables("concern");
  if (concerns.empty()) r.fail("concern", "is missing");
  for (const toml::table* table : concerns) {
    TomlReader concern(file, *table, "concern");
    paper.concerns.push_back(
        {text(concern, "name"), text(concern, "question")});
    concern.finish();
  }
  r.finish();
  return paper;
}

}  // namespace shoal
