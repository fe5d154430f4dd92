// The checker's own token simulation of one node: rows are tokens, firings
// move them. It keeps two things apart: what the node's rules allow (cursors)
// and what is really in the arena (which row each slot holds, per writer), so
// that a plan whose rules allow too much is caught reading a wrong row.
#pragma once

#include <string>
#include <vector>

#include "host/check/findings.h"
#include "host/check/instances.h"
#include "host/check/rows.h"

namespace shoal {

// An actor, a loop, or the caller's side of an input or output.
struct Agent {
  struct Read {
    int port;
    std::vector<Span> rows;     // by firing
    std::vector<int> released;  // by firing
  };
  std::string name;
  int actor = -1;  // of a loop the first; -1: the caller
  int firings = 0;
  std::vector<Read> reads;
  int out = -1;            // port
  std::vector<Span> made;  // by firing; empty span: nothing yet
};

// The agents of a stage: inputs, actors and loops in order of depth, outputs.
std::vector<Agent> agents_of(const Net&, const PlanStage&);

class Tokens {
 public:
  Tokens(const Net&, const PlanNode&, const Instances&, Findings&);

  void enter(int stage);
  int agent_count() const { return static_cast<int>(agents().size()); }
  const Agent& agent(int a) const { return agents()[a]; }
  bool done(int a) const { return fired_[a] >= agents()[a].firings; }
  bool all_done() const { return left_ == 0; }
  bool can_fire(int a) const;
  void fire(int a);

 private:
  const std::vector<Agent>& agents() const { return stages_[stage_]; }
  const PlanStage& stage() const { return node_.stages[stage_]; }
  bool ready(int port, Span rows) const;
  bool space(int port, Span rows) const;
  bool clear_of_overlaid(const PlanBuffer&, Span rows) const;
  void read(const Agent&, int port, Span rows);
  void write(int port, Span rows);
  void overwrite(int instance, uint64_t begin, uint64_t end);
  void advance(int port, int row);
  int& held(int instance, int slot, size_t writer) {
    const size_t n = instances_.all[instance].writers.size();
    return held_[instance][static_cast<size_t>(slot) * n + writer];
  }

  const PlanNode& node_;
  const Instances& instances_;
  Findings& found_;
  std::vector<std::vector<Agent>> stages_;
  int stage_ = 0;
  int left_ = 0;
  std::vector<int> fired_;                   // by agent
  std::vector<int> cursor_;                  // by port, in rows of the tensor
  std::vector<std::vector<int>> of_buffer_;  // ports by buffer
  std::vector<std::vector<int>> partners_;   // instances that share its bytes
  std::vector<std::vector<int>> held_;  // by instance: row by slot and writer
};

}  // namespace shoal
