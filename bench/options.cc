#include "bench/options.h"

#include <CLI/CLI.hpp>

namespace shoal {

struct BenchOptions::App {
  explicit App(const std::string& about) : cli(about) {}
  CLI::App cli;
};

BenchOptions::BenchOptions(const std::string& about)
    : app_(std::make_unique<App>(about)) {}
BenchOptions::~BenchOptions() = default;

void BenchOptions::required(const char* name, std::string& value) {
  app_->cli.add_option(name, value)->required();
}
void BenchOptions::required(const char* name,
                            std::vector<std::string>& values) {
  app_->cli.add_option(name, values)->required();
}
void BenchOptions::add(const char* name, bool& value) {
  app_->cli.add_flag(name, value);
}
void BenchOptions::add(const char* name, std::string& value) {
  app_->cli.add_option(name, value);
}
void BenchOptions::add(const char* name, double& value) {
  app_->cli.add_option(name, value);
}
void BenchOptions::add(const char* name, int& value, int low, int high) {
  app_->cli.add_option(name, value)->check(CLI::Range(low, high));
}
void BenchOptions::add(const char* name, std::vector<std::string>& values) {
  app_->cli.add_option(name, values)->delimiter(',');
}
void BenchOptions::add(const char* name, std::vector<int>& values) {
  app_->cli.add_option(name, values)->delimiter(',');
}

std::optional<int> BenchOptions::parse(int argc, char** argv) {
  try {
    app_->cli.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app_->cli.exit(e);
  }
  return std::nullopt;
}

}  // namespace shoal
