// The INPUTs of a verb: files, folders of them, random:SEED and stdin. For a
// model of several inputs, INPUT=FILE names the file of one of them; a frame is
// complete when the next argument is another kind of input, or names an input
// that has its file already.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/data/input/input.h"
#include "host/engine/engine.h"
#include "host/model/graph/graph.h"

namespace shoal {

struct RunInput {
  std::string name;  // the path; of a folder's files with the folder
  std::function<Bytes(const Graph&)> load;
  // Returns the picture that marks are drawn on; none if the input is no
  // picture.
  std::function<std::optional<Picture>()> picture;
};

// In the order given; of a folder its files by name, numbers in it by their
// value; of a file of values (host/data/input/stack.h) that is no folder's all
// its frames. Says on stderr what lies in a folder and is passed over. Throws
// Error(kUsage) for a folder without inputs.
std::vector<RunInput> run_inputs(const Graph&,
                                 const std::vector<std::string>& arguments,
                                 const InputOptions&);

// The same of one argument that is one frame. Throws Error(kUsage) for several.
RunInput only_run_input(const Graph&, const std::string& argument,
                        const InputOptions&);

}  // namespace shoal
