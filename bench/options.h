// The flags of a program of this folder, by CLI11, which takes seconds to
// compile: here once. Values must live as long as the BenchOptions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shoal {

class BenchOptions {
 public:
  explicit BenchOptions(const std::string& about);
  ~BenchOptions();

  void required(const char* name, std::string&);
  void required(const char* name, std::vector<std::string>&);
  void add(const char* name, bool&);
  void add(const char* name, std::string&);
  void add(const char* name, double&);
  void add(const char* name, int&, int low, int high);
  // With commas between them.
  void add(const char* name, std::vector<std::string>&);
  void add(const char* name, std::vector<int>&);

  // Returns the exit code if the program is to end now.
  std::optional<int> parse(int argc, char** argv);

 private:
  struct App;
  const std::unique_ptr<App> app_;
};

}  // namespace shoal
