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
  // Adds a file that only its owner may read, and of which export.json has no
  // hash.
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

// A project and where it goes. `description`: the other fields of export.json,
// the JSON text of an object. Borrows the project.
struct PlacedProject {
  std::string folder;
  const Project* project;
  std::string description;
};

// Writes the files and export.json, which lists them, into each folder, after
// all folders were found to be free: all of the projects are written, or none
// because one was refused. Files that an export wrote there before, and that
// are unchanged, are replaced, except an app.cpp that was changed: it is the
// user's. Throws Error(kUsage) for a folder that has
// anything else but build results.
//
// A folder is written whole beside its place and renamed, so that nothing is
// lost by a kill: the next export puts back what was there. A folder that is
// empty, or has build results alone, stays itself and is filled. Signals that
// end the process act when the projects are whole. Exports to the same folder
// wait for each other; throws Error(kBusy) if one waits for a minute.
void write_projects(const std::vector<PlacedProject>&);

}  // namespace shoal
