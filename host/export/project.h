// A project under construction: its files by their paths in it. The same
// application gives the same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

class Project {
 public:
  // Throws Error(kInternal) if there is one already.
  void add(const std::string& path, std::string bytes);
  // One that nobody else may read, and of which export.json says no hash.
  void add_secret(const std::string& path, std::string bytes);
  const std::map<std::string, std::string>& files() const { return files_; }
  bool is_secret(const std::string& path) const {
    return secrets_.contains(path);
  }

 private:
  std::map<std::string, std::string> files_;
  std::set<std::string> secrets_;
};

// "templates/NAME" with each @KEY@ replaced. Throws Error(kInternal) for a key
// without a value.
using TemplateValues = std::map<std::string, std::string>;
std::string filled(std::string_view name, const TemplateValues&);

// Throws Error(kUsage) if write_project() would refuse this folder.
void check_project_folder(const std::string& folder);

// Writes the files and export.json, which lists them, into the folder. What an
// export wrote there before and nobody has changed since is replaced; throws
// Error(kUsage) for a folder that has anything else, but for build/.
// The folder is written whole beside its place first.
// `description`: the JSON text's other fields, as an object.
// Nothing is lost by an interruption: the next export puts back what was there.
void write_project(const std::string& folder, const Project&,
                   const std::string& description);

}  // namespace shoal
