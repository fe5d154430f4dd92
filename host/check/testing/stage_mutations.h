// Inside mutants: the mutations of one stage, collected table by table.
#pragma once

#include "host/check/testing/mutants.h"

namespace shoal {

inline constexpr bool kMayBeRight = true;

class StageMutations {
 public:
  StageMutations(const Net& net, const PlanNode& node, int stage,
                 std::vector<Mutation>& all)
      : net_(net), stage_(node.stages[stage]), index_(stage), all_(all) {}

  void collect();

 private:
  template <class T>
  static int count(const std::vector<T>& v) {
    return static_cast<int>(v.size());
  }

  void add(const std::string& what, bool may_be_right,
           std::function<void(PlanStage&)> change) {
    all_.push_back(
        {"stage " + std::to_string(index_) + ": " + what, may_be_right,
         [s = index_, change](PlanNode& node) { change(node.stages[s]); }});
  }
  // `field` of element `i` of a table, moved by `by`.
  template <class T, class F>
  void shift(const std::string& name, std::vector<T> PlanStage::*table, int i,
             F T::*field, int by, bool may_be_right = false) {
    add(name + " by " + std::to_string(by), may_be_right,
        [=](PlanStage& s) { (s.*table)[i].*field += by; });
  }

  void buffer(int b);

  // Each side of a box one in and one out.
  void box(const std::string& name, bool may_be_right,
           std::function<Box&(PlanStage&)> get);

  void port(int p);

  static void renumber(PlanStage& s, const std::function<int(int)>& to);
  static void drop_port(PlanStage& s, int p);

  void actor(int a);

  void weights(int a, const std::string& name);

  void whole_actor(int a, const std::string& name, const PlanActor& it);
  static void twin(PlanStage& s, int a);
  static bool owned(const PlanPort& p, int actor);

  void loop(int l);

  void order();

  void storage();
  void slots();
  void spill(int i);
  void place(const std::string& name, std::function<uint32_t&(PlanStage&)> get);

  void sums();

  const Net& net_;
  const PlanStage& stage_;
  const int index_;
  std::vector<Mutation>& all_;
};

}  // namespace shoal
