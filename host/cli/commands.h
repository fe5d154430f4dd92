// The verbs of the command line as plain functions: options in, exit code
// out, Error for everything that goes wrong. app.cc turns arguments into
// these options.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shoal {

// The same for plan, run and verify.
struct PlanFlags {
  std::optional<std::string> ram;  // a size; none: no budget
  std::string board = "host";
  std::string strategy = "single";
  std::string objective = "latency";
};

struct InspectFlags {
  std::string model;
  bool json = false;
};
struct PlanCommandFlags {
  std::string model, output;
  PlanFlags plan;
  bool json = false;
};
struct RunFlags {
  std::string model, input, labels, output, trace;
  PlanFlags plan;
  std::vector<float> mean, deviation;
  int top = 5;
  int frames = 1;
  bool json = false;
};
struct VerifyFlags {
  std::string model, golden;
  std::vector<std::string> inputs;
  PlanFlags plan;
  bool json = false;
};
struct BuildFlags {
  std::string model, input, folder;
  PlanFlags plan;
  std::vector<float> mean, deviation;
  bool json = false;
};
struct EmulateFlags {
  std::string model, input, output, trace, labels;
  PlanFlags plan;
  std::vector<float> mean, deviation;
  int top = 5;
  int frames = 1;
  int seconds = 120;
  bool layers = false, json = false;
};
struct BenchNodeFlags {
  std::string board;
  bool json = false;
};
struct ListFlags {
  bool json = false;
};

int inspect_command(const InspectFlags&);
int plan_command(const PlanCommandFlags&);
int run_command(const RunFlags&);
int verify_command(const VerifyFlags&);
int build_command(const BuildFlags&);
int emulate_command(const EmulateFlags&);
int bench_node_command(const BenchNodeFlags&);
int ops_command(const ListFlags&);
int boards_command(const ListFlags&);
int doctor_command(const ListFlags&);

}  // namespace shoal
