// The files of host/report/page, which the build takes in (CMakeLists.txt).
#pragma once

namespace shoal::report_files {

extern const char* const kBody;    // report.html
extern const char* const kScript;  // the .js files, one after another

}  // namespace shoal::report_files
