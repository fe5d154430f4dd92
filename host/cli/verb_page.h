// The page (--html) of a verb that runs a model: what it found, then the plan
// that ran.
#pragma once

#include <string>
#include <vector>

#include "host/charts/document.h"
#include "host/data/image/picture.h"
#include "host/engine/engine.h"
#include "host/plan/text/plan_table.h"

namespace shoal {

// Pictures of a page, as long as it stays small.
class PagePictures {
 public:
  // Counts pictures for which there is no room. An empty one is a text alone.
  void add(std::string title, std::string text, const Picture&);
  bool is_full() const;
  std::vector<PagePicture> take() { return std::move(pictures_); }
  // "12 more are not shown", if any are not.
  std::vector<std::string> notes() const;

 private:
  std::vector<PagePicture> pictures_;
  size_t bytes_ = 0, left_out_ = 0;
};

// `budgets`: of the plan's nodes; none: they are not known. `trace`: of a
// frame; empty: there is none.
void write_verb_page(const std::string& file, const EngineReport&,
                     const Budgets&, Document, const std::string& trace = {});

}  // namespace shoal
