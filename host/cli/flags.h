// Options that several verbs share, in groups; app.cc, the *_verb.cc and
// *_verbs.cc have those of one verb.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/cli/commands.h"

namespace CLI {
class App;
class Validator;
class Option;
}  // namespace CLI

namespace shoal {

CLI::App* add_verb(CLI::App&, const char* name, const char* what,
                   const char* example);

// Once all verbs are there: a flag that may be repeated, or whose values are
// joined by commas, does not take the operands that follow its value.
void let_flags_take_one_word(CLI::App&);

// A model, and where in its file it begins and ends.
void add_model(CLI::App*, std::string& path, ImportOptions&);
// Float models too.
void add_any_model(CLI::App*, std::string& path, ImportOptions&);
void add_optional_model(CLI::App*, std::string& path, ImportOptions&,
                        const char* what);
void add_ends(CLI::App*, ImportOptions&);
// `more` is said after what every input may be.
CLI::Option* add_input(CLI::App*, std::string& path,
                       const std::string& more = "");
// Several of them, and folders.
void add_inputs(CLI::App*, std::vector<std::string>& paths);
void add_json(CLI::App*, bool& flag);
// A page of the plan and, where one runs, of its frame.
CLI::Option* add_html(CLI::App*, std::string& file);

// On as many processes as mpirun starts; on_ranks.h has looked for it before.
// With --node-timeout, of a rank; the verb may have it for nodes already.
void add_mpi(CLI::App*, bool& flag, std::optional<double>& node_timeout);

// INPUT is a sequence.
void add_stream(CLI::App*, bool& flag);

// The budget, board, strategy and objective of a plan.
void add_node_flags(CLI::App*, PlanFlags&);
// These and the board's storage.
void add_board_flags(CLI::App*, PlanFlags&);
// Adds the flag that says whether an input may be read several times.
CLI::Option* add_replay(CLI::App*, PlanFlags&);
// Board flags, --replay and the stores on this computer.
void add_plan_flags(CLI::App*, PlanFlags&);
// How many frames run as one.
void add_batch(CLI::App*, PlanFlags&);
// Over which virtual or real nodes, how layers are cut, and --payload.
void add_cluster_flags(CLI::App*, PlanFlags&);
// How large their datagrams are.
void add_payload(CLI::App*, PlanFlags&);
// Without a number of equal ones.
void add_cluster_files(CLI::App*, PlanFlags&);
// Both for workers alone, which say themselves what they are.
void add_worker_plan_flags(CLI::App*, PlanFlags&);
// Adds the flags that name the workers and the key that they know.
void add_worker_flags(CLI::App*, ClusterFlags&);
void add_key_flags(CLI::App*, std::string& key, bool& insecure);
// After the key flags, which it excludes.
void add_identity_flag(CLI::App*, std::string& file);
void add_insecure_flag(CLI::App*, bool& insecure);
// Adds the flag of a cluster that says how long a node may be silent.
void add_node_timeout(CLI::App*, ClusterFlags&);
void add_on_loss(CLI::App*, ClusterFlags&);  // --spares, too
// `serves`: a file may keep them for the next service.
void add_state(CLI::App*, std::string& state, bool serves = false);
// The copies of a sequence's variables that --state asks for.
struct SequenceCopies {
  uint16_t every = 0;     // frames from one to the next; 0: there are none
  std::string file;       // keeps them for the next process; empty: none does
  bool at_peers = false;  // nodes do
  bool outlive() const { return !file.empty() || at_peers; }
};
// Throws Error(kUsage) if --state is none of its words.
SequenceCopies sequence_copies(const std::string& state);
// Refuses copies for the next process where a sequence begins with its first
// frame.
void refuse_next_process(const SequenceCopies&, const std::string& state);
// How long it waits for what another process owns (a store, a journal, a node)
// before it ends in exit code 9.
void add_wait_flag(CLI::App*, double& seconds);
// From `least` to `most`; CLI::Range takes what is not a number.
CLI::Validator real_range(double least, double most);
// Turns a size, such as 1K, into the bytes that a number is read from.
CLI::Validator size_in_bytes();
// Refuses a value that is not one of `names`, and names the nearest; describes
// itself as "{a,b}".
CLI::Validator one_of(std::vector<std::string> names);
// Adds the flags of the simulated network.
void add_network_flags(CLI::App*, NetworkFlags&);

// How answers are read and told.
void add_answer_flags(CLI::App*, ResultFlags&);
// How a picture becomes the model's input.
void add_picture_flags(CLI::App*, PictureFlags&);

}  // namespace shoal
