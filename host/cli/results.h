// Tells a model's answers to people, to machines and as files.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/base/file_lock.h"
#include "host/cli/classes.h"
#include "host/cli/commands.h"
#include "host/cli/common.h"
#include "host/cli/run_inputs.h"
#include "host/cli/verb_page.h"
#include "host/data/task/task.h"

namespace shoal {

// Says on stderr how outputs are read, unless they are classes.
void tell_head(const HeadUse&);

class Results {
 public:
  // Throws Error(kUsage) for a task or head that does not fit the model. Says
  // on stderr what was guessed, and labels that are too many or too few. Owns
  // --output-dir from now on, so that its files are those of one command;
  // throws Error(kBusy) if another one has it for longer than is waited.
  Results(const ResultFlags&, const PictureFlags&, const Graph&,
          std::shared_ptr<const DetectionOp>, std::vector<std::string> labels,
          const LockRequest&);

  // The result of one input; writes its files into --output-dir.
  struct Result {
    std::string name;
    std::vector<NamedArray> arrays;
    HeadFindings found;  // in pixels of the picture, else of the input
    std::vector<Class> top;
    std::string drawing;  // the file
  };
  Result read(const RunInput&, const Bytes& output);
  void print(const Result&) const;
  nlohmann::json json(const Result&) const;
  // The page of --output-dir.
  void finish();
  // Returns what --html shows of the results that were read. Once.
  Section take_section();

 private:
  void write_files(const std::optional<Picture>& drawn, Result&);
  void draw(Picture&, const Result&) const;
  std::string said(const Result&) const;
  std::string label(int index) const;
  std::string file_stem(const std::string& name);

  const ResultFlags& flags_;
  std::optional<FileLock> owner_;  // of --output-dir
  const Fit fit_;
  const Graph& graph_;
  const std::vector<std::string> labels_;
  HeadUse head_;
  std::set<std::string> stems_;
  std::string page_;  // rows of the table
  PagePictures pictures_;
};

}  // namespace shoal
