// The part that the judges of boxes and of masks share: pictures of any size,
// and the head that reads a model's outputs.
#pragma once

#include "host/cli/judge.h"

namespace shoal {

class PictureJudge : public Judge {
 public:
  const Dataset& data() const final { return *data_; }
  std::vector<uint8_t> input(int64_t item) override;

 protected:
  explicit PictureJudge(JudgeParts);

  // Returns the size that the truth states for a picture; 0: none.
  virtual PictureSize said_size(int64_t) const { return {}; }
  virtual void check_size(int64_t, PictureSize) const {}
  // In pixels, of a picture whose answer is made here; its input may have been
  // made by another rank. Of a file of values: what is said, else the head's.
  PictureSize size_of(int64_t item) const;
  // Where the picture lies in the model's input.
  Placement placement(PictureSize) const;
  virtual std::string name(int index) const;  // of a class; may be empty
  std::string title_of(int index) const;      // the name, else the number

  const EvaluateFlags& flags_;
  const Graph& graph_;
  const HeadUse head_;
  const std::vector<std::string> labels_;
  const InputOptions pictures_;
  const std::unique_ptr<Dataset> data_;

 private:
  PictureSize size_of_values(int64_t item) const;

  std::vector<PictureSize> sizes_;  // by item; 0: not known yet
};

}  // namespace shoal
