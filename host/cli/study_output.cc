#include "host/cli/study_output.h"

#include <fmt/format.h>

#include <filesystem>

#include "host/base/error.h"
#include "host/base/file_lock.h"
#include "host/base/files.h"
#include "host/cli/output.h"
#include "host/cli/progress.h"

namespace shoal {
namespace {

std::string file_of(const StudyFlags& flags, const char* ending) {
  const std::filesystem::path folder = flags.folder;
  return (folder / ("study_" + flags.study + ending)).string();
}

// Both files are of one study.
FileLock own_files(const StudyFlags& flags) {
  constexpr double kPatienceS = 60;  // writing takes well under a second
  return {file_of(flags, ".lock"), LockMode::kExclusive,
          flags.folder + ": study " + flags.study,
          LockRequest{.owner = "shoal study",
                      .wait_s = kPatienceS,
                      .fix = "another folder with -o"}};
}

}  // namespace

void prepare_study_folder(const StudyFlags& flags) {
  if (!flags.html.empty()) check_writable(flags.html);
  if (flags.folder.empty()) return;
  make_folder(flags.folder);
  for (const char* ending : {".html", ".json"}) {
    check_writable(file_of(flags, ending));
  }
}

void StudyProgress::say(size_t done, size_t all,
                        const std::string& next) const {
  const std::chrono::duration<double> passed =
      std::chrono::steady_clock::now() - begin_;
  if (!shows_progress() || passed < kProgressFirst) return;
  const double left = done == 0
                          ? 0
                          : passed.count() * static_cast<double>(all - done) /
                                static_cast<double>(done);
  tell_over(fmt::format("study {}: {} of {}, {}, about {} left: {}", study_,
                        done, all, clock_text(passed.count()), clock_text(left),
                        next));
}

void report_study(const StudyFlags& flags, const StudyResult& result) {
  if (shows_progress()) tell_over("");
  if (!flags.folder.empty()) {
    const FileLock owner = own_files(flags);
    for (const auto& [file, text] :
         {std::pair{file_of(flags, ".html"), document_page(result.document)},
          std::pair{file_of(flags, ".json"), document_json(result.document)}}) {
      write_file(file, text);
      tell("%s\n", file.c_str());
    }
  }
  if (!flags.html.empty()) {
    write_file(flags.html, document_page(result.document));
  }
  if (flags.json) {
    say_json_text(document_json(result.document));
  } else {
    say_text(document_text(result.document, output_width()));
  }
  if (result.broken.empty()) return;
  throw Error(Exit::kInternal,
              fmt::format("{} points of the study failed; the first: {}",
                          result.broken.size(), result.broken.front()));
}

}  // namespace shoal
