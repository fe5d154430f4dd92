// Checks that a spilled tensor comes back from storage as it was: whole, to the
// same box, in a later stage; and that no page is written twice in a frame.
#include <vector>

#include "host/check/premises.h"

namespace shoal {
namespace {

constexpr size_t kMostSpills = 8;  // of a stage

class SpillCheck {
 public:
  SpillCheck(const PlanNode& node, Findings& found)
      : node_(node), found_(found) {}

  void run() {
    if (!pages()) return;
    for (int s = 0; s < static_cast<int>(node_.stages.size()); ++s) {
      const auto& spills = node_.stages[s].spills;
      found_.need(spills.size() <= kMostSpills, "stage ", s, " has ",
                  spills.size(), " spills");
      for (int i = 0; i < static_cast<int>(spills.size()); ++i) spill(s, i);
    }
    for (const One& in : read_) find_writer(in);
    int64_t written = 0;
    for (size_t i = 0; i < written_.size(); ++i) {
      written += written_[i].spill.pages;
      for (size_t j = 0; j < i; ++j) apart(written_[i], written_[j]);
    }
    found_.need(written == node_.spill_pages, "a frame writes ", written,
                " pages, not ", node_.spill_pages);
  }

 private:
  struct One {
    int stage, index;
    const PlanSpill& spill;
    const PlanPort& port;
    const PlanBuffer& buffer;
    int64_t bytes() const { return port.box.elements() * buffer.element_bytes; }
    bool same_rows(const One& o) const {
      return buffer.tensor == o.buffer.tensor && port.box == o.port.box &&
             buffer.element_bytes == o.buffer.element_bytes &&
             spill.first_page == o.spill.first_page &&
             spill.pages == o.spill.pages;
    }
  };

  bool pages() {
    size_t spills = 0;
    for (const PlanStage& s : node_.stages) spills += s.spills.size();
    const int64_t bytes = node_.spill_page_bytes;
    if (spills == 0) {
      return found_.need(bytes == 0 && node_.spill_pages == 0,
                         "a plan without spills has ", node_.spill_pages,
                         " pages of ", bytes, " bytes");
    }
    found_.need(!node_.storage.empty(), "spills without a storage");
    return found_.need(bytes > kTag && bytes % kAlignment == 0,
                       "a page of spills has ", bytes, " bytes");
  }

  void spill(int s, int index) {
    const PlanStage& stage = node_.stages[s];
    const PlanSpill& it = stage.spills[index];
    const PlanPort& port = stage.ports[it.port];
    const One one{s, index, it, port, stage.buffers[port.buffer]};
    const int64_t payload = int64_t{node_.spill_page_bytes} - kTag;
    const int64_t needed = (one.bytes() + payload - 1) / payload;
    found_.need(it.pages == needed, "stage ", s, ": spill ", index, " of ",
                one.bytes(), " bytes has ", it.pages, " pages of ", payload);
    found_.need(it.first_page >= 0 && it.pages >= 0 &&
                    int64_t{it.first_page} + it.pages <= node_.spill_pages,
                "stage ", s, ": spill ", index, " has pages ", it.first_page,
                " and on of ", node_.spill_pages);
    (port.is_read ? written_ : read_).push_back(one);
  }

  void find_writer(const One& in) {
    for (const One& out : written_) {
      if (out.stage < in.stage && out.same_rows(in)) return;
    }
    found_.add("stage ", in.stage, ": spill ", in.index,
               " reads pages that no earlier stage fills with those rows");
  }

  void apart(const One& a, const One& b) {
    const PlanSpill &p = a.spill, &q = b.spill;
    found_.need(p.first_page + p.pages <= q.first_page ||
                    q.first_page + q.pages <= p.first_page,
                "stage ", a.stage, ": spill ", a.index,
                " writes pages that spill ", b.index, " of stage ", b.stage,
                " writes as well");
  }

  const PlanNode& node_;
  Findings& found_;
  std::vector<One> written_, read_;
};

}  // namespace

void check_spills(const PlanNode& node, Findings& found) {
  SpillCheck(node, found).run();
}

}  // namespace shoal
