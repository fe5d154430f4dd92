// formats: what stands in the files that people write and shoal prints.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/table.h"
#include "host/cli/commands.h"
#include "host/cli/output.h"

namespace shoal {

// Pages that are compiled in.
const char* files_page();  // spec/files.md
const char* json_page();   // docs/reference/json.md

namespace {

struct Format {
  std::string name, text;
};

// Adds the sections of a page; each begins with "## NAME".
void add_sections(const std::string& page, std::vector<Format>& all) {
  const std::string mark = "\n## ";
  for (size_t at = page.find(mark); at != std::string::npos;) {
    const size_t name = at + mark.size();
    const size_t line = page.find('\n', name);
    at = page.find(mark, line);
    const size_t end = at == std::string::npos ? page.size() : at + 1;
    all.push_back({page.substr(name, line - name),
                   page.substr(name - 3, end - (name - 3))});
  }
}

std::vector<Format> formats() {
  std::vector<Format> all;
  add_sections(files_page(), all);
  add_sections(json_page(), all);
  return all;
}

// The cells of a line of a table, without blanks around them.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (size_t at = 1; at < line.size();) {
    const size_t end = std::min(line.find('|', at), line.size());
    std::string cell = line.substr(at, end - at);
    cell.erase(0, std::min(cell.find_first_not_of(' '), cell.size()));
    cell.erase(cell.find_last_not_of(' ') + 1);
    cells.push_back(std::move(cell));
    at = end + 1;
  }
  return cells;
}

// Writes Markdown for a terminal: paragraphs are lines that may be broken
// anywhere, and a table is a list, since its rows are wider than a terminal.
class PlainPage {
 public:
  std::string text(const std::string& markdown) {
    bool is_code = false;
    for (size_t at = 0; at < markdown.size();) {
      const size_t end = std::min(markdown.find('\n', at), markdown.size());
      const std::string line = markdown.substr(at, end - at);
      at = end + 1;
      if (line.starts_with("```")) {
        end_paragraph();
        is_code = !is_code;
      } else if (is_code) {
        out_ += "    " + line + "\n";
      } else if (line.starts_with("|")) {
        end_paragraph();
        row(line);
      } else {
        titles_.clear();
        prose(line);
      }
    }
    end_paragraph();
    return std::move(out_);
  }

 private:
  void prose(const std::string& line) {
    const bool begins = line.empty() || line.starts_with("#") ||
                        line.starts_with("* ") || line.starts_with("- ");
    if (begins) end_paragraph();
    if (line.empty()) {
      out_ += "\n";
    } else {
      paragraph_ += (paragraph_.empty() ? "" : " ") + line;
    }
    if (line.starts_with("#")) end_paragraph();
  }

  void row(const std::string& line) {
    const std::vector<std::string> cells = cells_of(line);
    if (titles_.empty()) {
      titles_ = cells;
      return;
    }
    if (line.find_first_not_of("|-: ") == line.npos) return;
    out_ += cells[0] + "\n";
    for (size_t c = 1; c < std::min(cells.size(), titles_.size()); ++c) {
      if (!cells[c].empty()) {
        out_ += "    " + titles_[c] + ": " + cells[c] + "\n";
      }
    }
  }

  void end_paragraph() {
    if (!paragraph_.empty()) out_ += paragraph_ + "\n";
    paragraph_.clear();
  }

  std::string out_, paragraph_;
  std::vector<std::string> titles_;  // of the table
};

}  // namespace

int formats_command(const FormatsFlags& flags) {
  std::string names;
  auto list = nlohmann::json::array();
  for (const Format& f : formats()) {
    if (f.name == flags.name) {
      if (flags.json) {
        say_json({{"name", f.name}, {"markdown", f.text}});
      } else {
        // --wide prints the page as it is.
        const bool is_wide = output_width() == kAnyWidth;
        is_wide ? say_as_it_is(f.text) : say_text(PlainPage().text(f.text));
      }
      return 0;
    }
    names += (names.empty() ? "" : ", ") + f.name;
    list.push_back(f.name);
  }
  if (!flags.name.empty()) {
    throw Error(Exit::kUsage, "no format \"" + flags.name + "\"",
                "one of: " + names);
  }
  if (flags.json) {
    say_json({{"formats", list}});
  } else {
    for (const auto& name : list) {
      say("%s\n", name.get<std::string>().c_str());
    }
  }
  return 0;
}

}  // namespace shoal
