# The planner allocates and frees small pieces by the million: with mimalloc a
# plan over several nodes takes a third less time than with glibc's allocator.
# Sanitizers have their own, and so has the program that loads a module.
function(shoal_allocator)
  find_library(SHOAL_MIMALLOC mimalloc)
  if(SHOAL_MIMALLOC AND NOT APPLE AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    set(program $<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>)
    add_link_options($<${program}:LINKER:--push-state,--no-as-needed>
      $<${program}:${SHOAL_MIMALLOC}> $<${program}:LINKER:--pop-state>)
  endif()
endfunction()

# Plans that were found before are those of this very program. Firmware begins
# with its vectors, so it has no such note.
if(NOT APPLE AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(LINKER:--build-id=sha1)
endif()

# One library per folder: shoal_library(NAME DIR-RELATIVE DEPS...) takes every
# .cc beside it but the tests; every foo_test.cc becomes the test foo_test,
# with the folder's labels, in one program for the folder.
set(SHOAL_WARNINGS -Wall -Wextra -Wpedantic)
# The presets and firmware set it: another compiler's warnings should not keep
# anybody from building.
option(SHOAL_WERROR "warnings are errors" OFF)
if(SHOAL_WERROR)
  list(APPEND SHOAL_WARNINGS -Werror)
endif()
# GCC 12 warns of overlapping copies inside std::string (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  list(APPEND SHOAL_WARNINGS -Wno-restrict -Wno-stringop-overread)
endif()

# Options of the device code.
option(SHOAL_CIPHERS "sealed stores, links between nodes and agents, by Mbed TLS"
  ON)
option(SHOAL_X86_KERNELS "kernels for AVX2, where the compiler is for x86-64" ON)
option(SHOAL_DSP_KERNELS
  "kernels for the DSP extension, where the compiler is for a core that has it" ON)
option(SHOAL_MVE_KERNELS "kernels for Helium, where the compiler is for a core that has it"
  ON)
# With ciphers. As a library shoal::device alone needs no Mbed TLS.
if(NOT DEFINED SHOAL_PLATFORM_SHA256)
  set(SHOAL_PLATFORM_SHA256 ${SHOAL_CIPHERS})
endif()

option(SHOAL_SANITIZE "the build is for sanitizers" OFF)
# For builds from nothing: half the time. ccache has less to reuse.
option(SHOAL_BUNDLE "compile the host's files in bundles, headers of tests once"
  ${SHOAL_SANITIZE})

# A sixth of the time that sanitizers' objects take. Their reports name
# functions without it, and lines with it.
option(SHOAL_DEBUG_INFO "lines for debuggers and in reports of sanitizers" ON)
if(SHOAL_SANITIZE AND NOT SHOAL_DEBUG_INFO)
  add_compile_options(-g0)
endif()

# Bundles are large: GCC spends a tenth of its time on what it no longer needs
# if it looks for that below 600 MB.
if(SHOAL_BUNDLE AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:--param=ggc-min-heapsize=600000>)
endif()

# Tests are many programs: lld links them in a fifth of the time.
find_program(SHOAL_LLD ld.lld)
if(SHOAL_BUNDLE AND SHOAL_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# ./test.sh runs every test once where it serves best: a folder's own tests
# under sanitizers, what spans folders in the release build.
option(SHOAL_FOLDER_TESTS "build the tests of single folders, too" ON)
# Tests of folders that are in the release build, since sanitizers take ten times
# as long for them.
set(SHOAL_OPTIMIZED_TESTS stored_plans_test strategies_test one_node_spill_test
  long_signal_test lower_random_test zoo_test streaming_zoo_test network_snr_test export_random_test)
# Folders that read nothing from outside, and take most of the time wherever
# something is planned: sanitizers leave them out, and their tests are in the
# release build. `cmake --preset dev -DSHOAL_SANITIZE_PLANNER=ON` has both.
option(SHOAL_SANITIZE_PLANNER "sanitizers look at the planner, too" OFF)
set(SHOAL_PLANNER_FOLDERS
  "/host/plan/(arena|build|cost|draft|order|planner|search|tokens|types)$")
function(shoal_is_optimized name result)
  set(is FALSE)
  if(name IN_LIST SHOAL_OPTIMIZED_TESTS OR (NOT SHOAL_SANITIZE_PLANNER AND
      CMAKE_CURRENT_SOURCE_DIR MATCHES "${SHOAL_PLANNER_FOLDERS}"))
    set(is TRUE)
  endif()
  set(${result} ${is} PARENT_SCOPE)
endfunction()
# Tests that span folders and serve best under sanitizers; there random networks
# are the same ones and as many.
set(SHOAL_SANITIZED_TESTS hostile_model_test board_firmware_test own_modules_test
  device_hpp_test export_test random_variables_test quantize_random_test)

# Once a command, and none of it long: optimizing them costs more than it
# gives.
set(SHOAL_COLD array bench_node board charts dataset emit engine engine_alone engine_board
  engine_common engine_coordinator engine_faults engine_local engine_recovery engine_workers
  evaluate export image import input labels lower onnx plan_cuts plan_file plan_text probe
  project report resize serve store study task tflite zoo)
# Those of these libraries in which no test spends long: sanitizers build them
# without optimizing.
set(SHOAL_COLDEST array bench_node board charts dataset engine engine_alone engine_board
  engine_common engine_coordinator engine_faults engine_local engine_recovery engine_workers
  evaluate export import lower onnx plan_file plan_text probe project report resize serve
  store study task zoo)
# Those that no fuzz target links: they do not count for fuzzers what they reach,
# which takes a third of the time to compile.
set(SHOAL_UNFUZZED bench_node engine_alone engine_board engine_faults engine_recovery probe
  project report serve)

# The headers of C++ that nearly every library includes, compiled once for those
# that are optimized and once for the others. GCC takes longer to load that than
# to read the headers; ccache keeps nothing that was compiled with it.
set(SHOAL_PRECOMPILE OFF)
if(SHOAL_BUNDLE AND CMAKE_CXX_COMPILER_ID STREQUAL Clang AND
    NOT CMAKE_CXX_COMPILER_LAUNCHER MATCHES ccache)
  set(SHOAL_PRECOMPILE ON)
endif()
function(shoal_library_headers)
  if(NOT SHOAL_PRECOMPILE)
    return()
  endif()
  set(source ${PROJECT_BINARY_DIR}/library_headers.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  foreach(kind library cold_library plain_library)
    add_library(shoal_${kind}_headers OBJECT ${source})
    target_precompile_headers(shoal_${kind}_headers PRIVATE <algorithm> <array>
      <charconv> <chrono> <cmath> <cstring> <deque> <filesystem> <functional>
      <limits> <map> <memory> <numeric> <optional> <queue> <random> <set> <span>
      <sstream> <string> <thread> <tuple> <unordered_map> <variant> <vector>)
  endforeach()
  target_compile_options(shoal_cold_library_headers PRIVATE -O0)
  target_compile_options(shoal_plain_library_headers PRIVATE -fno-sanitize=all)
endfunction()

function(shoal_library name)
  cmake_parse_arguments(ARG "DEVICE" "" "DEPS;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  foreach(pattern ${ARG_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX "${pattern}")
  endforeach()
  if(sources)
    add_library(shoal_${name} STATIC ${sources})
    target_include_directories(shoal_${name} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
    target_link_libraries(shoal_${name} PUBLIC ${ARG_DEPS})
    target_compile_options(shoal_${name} PRIVATE ${SHOAL_WARNINGS})
    # Sanitizers build what their tests and the fuzz targets link.
    set_target_properties(shoal_${name} PROPERTIES UNITY_BUILD_BATCH_SIZE 60
      EXCLUDE_FROM_ALL ${SHOAL_SANITIZE})
    # The additions of CMake's own -O3 are for kernels.
    if(NOT ARG_DEVICE)
      target_compile_options(shoal_${name} PRIVATE $<$<CONFIG:Release>:-O2>)
    endif()
    # A third of the time to compile, for what AddressSanitizer sees when memory
    # is touched, and for alignment, which matters on boards only.
    if(SHOAL_SANITIZE AND NOT ARG_DEVICE)
      target_compile_options(shoal_${name} PRIVATE
        -fno-sanitize=null,object-size,alignment,pointer-overflow)
    endif()
    if(name IN_LIST SHOAL_COLD)
      # At -O1 GCC 12 takes what std::optional does not hold for values.
      target_compile_options(shoal_${name} PRIVATE $<$<CONFIG:Release>:-O1>
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    endif()
    if(SHOAL_SANITIZE AND name IN_LIST SHOAL_UNFUZZED AND CMAKE_CXX_FLAGS MATCHES fuzzer)
      target_compile_options(shoal_${name} PRIVATE -fno-sanitize-coverage=edge,inline-8bit-counters,indirect-calls,trace-cmp,pc-table,stack-depth)
    endif()
    set(headers shoal_library_headers)
    if(SHOAL_SANITIZE AND name IN_LIST SHOAL_COLDEST)
      target_compile_options(shoal_${name} PRIVATE -O0)
      set(headers shoal_cold_library_headers)
    elseif(SHOAL_SANITIZE AND NOT SHOAL_SANITIZE_PLANNER AND
        CMAKE_CURRENT_SOURCE_DIR MATCHES "${SHOAL_PLANNER_FOLDERS}")
      target_compile_options(shoal_${name} PRIVATE -fno-sanitize=all)
      set(headers shoal_plain_library_headers)
    endif()
    if(SHOAL_PRECOMPILE AND NOT ARG_DEVICE)
      target_precompile_headers(shoal_${name} REUSE_FROM ${headers})
    endif()
    if(SHOAL_BUNDLE AND NOT ARG_DEVICE)
      set_target_properties(shoal_${name} PROPERTIES UNITY_BUILD ON)
    endif()
    if(ARG_DEVICE)
      # Arduino's cores compile as this; tools/check_device.py has the rest.
      set_target_properties(shoal_${name} PROPERTIES CXX_STANDARD 17)
      target_compile_options(shoal_${name} PRIVATE
        -Wconversion -fno-exceptions -fno-rtti)
    endif()
  else()
    add_library(shoal_${name} INTERFACE)
    target_include_directories(shoal_${name} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
    target_link_libraries(shoal_${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

# shoal_texts(NAMESPACE header name files...): writes a source to the current
# binary folder, texts.cc, that defines the constants of the header: each NAME is
# followed by the files whose texts it is, one after another. Names begin with k.
function(shoal_texts namespace header)
  set(source "#include \"${header}\"\nnamespace ${namespace} {\n")
  set(end "")
  foreach(item ${ARGN})
    if(item MATCHES "^k[A-Z]")
      string(APPEND source "${end}const char* const ${item} = \"\"")
      set(end ";\n")
    else()
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${item})
      file(READ ${item} text)
      string(APPEND source "\nR\"page(${text})page\"")
    endif()
  endforeach()
  string(APPEND source "${end}}  // namespace ${namespace}\n")
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/texts.cc @ONLY
    CONTENT "@source@")
  # clang means what compilers have to support at least.
  set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/texts.cc PROPERTIES
    COMPILE_OPTIONS -Wno-overlength-strings SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# Bundles over folders: what the libraries named after the first are made of
# becomes a part of that one, and they name it as what they need. All of them
# are compiled with the same options. No libraries between them may use the
# first and be used by another.
function(shoal_one_bundle first)  # others
  if(NOT SHOAL_BUNDLE)
    return()
  endif()
  set(nothing ${PROJECT_BINARY_DIR}/nothing.cc)
  file(CONFIGURE OUTPUT ${nothing} CONTENT "")
  set(own shoal_${first})
  foreach(name ${ARGN})
    list(APPEND own shoal_${name})
  endforeach()
  get_target_property(options shoal_${first} COMPILE_OPTIONS)
  foreach(name ${ARGN})
    get_target_property(own_options shoal_${name} COMPILE_OPTIONS)
    if(NOT "${own_options}" STREQUAL "${options}")
      message(FATAL_ERROR "no bundle of ${first} and ${name}: their options differ")
    endif()
    get_target_property(sources shoal_${name} SOURCES)
    get_target_property(needed shoal_${name} LINK_LIBRARIES)
    list(REMOVE_ITEM needed ${own})
    target_sources(shoal_${first} PRIVATE ${sources})
    target_link_libraries(shoal_${first} PUBLIC ${needed})
    set_target_properties(shoal_${name} PROPERTIES SOURCES ${nothing})
    target_link_libraries(shoal_${name} PUBLIC shoal_${first})
  endforeach()
endfunction()

# The linker takes the first copy of an inline function, std::vector's say, that
# it sees; in programs that are compiled without optimizing that would be
# theirs. With the planner in front of them, plans take a tenth less time, and
# sanitizers see what these copies do.
function(shoal_planner_first name)
  if(APPLE)
    return()
  endif()
  set(files "")
  foreach(library planner plan_search plan_build plan_draft plan_order plan_arena
      plan_cost plan_tokens plan_types check)
    list(APPEND files $<TARGET_FILE:shoal_${library}>)
  endforeach()
  target_link_options(${name} PRIVATE LINKER:--whole-archive ${files}
    LINKER:--no-whole-archive)
endfunction()

# A library that tests of several folders share, of testing/:
# shoal_testing_library(NAME DEPS...).
function(shoal_testing_library name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS testing/*.cc)
  add_library(shoal_${name} STATIC ${sources})
  target_link_libraries(shoal_${name} PUBLIC ${ARG_DEPS})
  target_compile_options(shoal_${name} PRIVATE ${SHOAL_WARNINGS}
    $<IF:$<BOOL:${SHOAL_SANITIZE}>,-O0,-O1>)
  set_target_properties(shoal_${name} PROPERTIES UNITY_BUILD ${SHOAL_BUNDLE}
    UNITY_BUILD_BATCH_SIZE 60 EXCLUDE_FROM_ALL ${SHOAL_SANITIZE})
  if(SHOAL_SANITIZE)
    target_compile_options(shoal_${name} PRIVATE -fno-sanitize=all)
  endif()
endfunction()

# The headers that nearly every test includes, compiled once for all of them.
function(shoal_test_headers)
  if(NOT SHOAL_BUNDLE)
    return()
  endif()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  add_library(shoal_test_headers OBJECT ${source})
  target_link_libraries(shoal_test_headers PRIVATE GTest::gtest)
  shoal_test_options(shoal_test_headers)
  target_precompile_headers(shoal_test_headers PRIVATE <gtest/gtest.h>
    <algorithm> <array> <cmath> <cstdio> <cstring> <filesystem> <fstream>
    <functional> <map> <numeric> <optional> <random> <set> <span> <sstream>
    <string> <vector>)
endfunction()

# Tests take longer to compile than to run. Sanitizers look at the code under
# test only, and one compiler's warnings of tests will do.
function(shoal_test_options name)
  if(SHOAL_SANITIZE)
    target_compile_options(${name} PRIVATE -w -O0 -fno-sanitize=all)
  else()
    target_compile_options(${name} PRIVATE ${SHOAL_WARNINGS} -O0)
  endif()
  # Nothing but programs has them; what they precompile is compiled as they are.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
endfunction()

# ctest's entries of a test, one or, with `shards`, that many side by side.
function(shoal_shards name shards timeout labels)  # command
  if(NOT shards)
    set(shards 1)
  endif()
  foreach(shard RANGE 1 ${shards})
    set(test ${name})
    if(shards GREATER 1)
      set(test ${name}_${shard})
    endif()
    math(EXPR index "${shard} - 1")
    add_test(NAME ${test} COMMAND ${ARGN})
    set_tests_properties(${test} PROPERTIES TIMEOUT ${timeout}
      LABELS "${labels}" SKIP_RETURN_CODE 77 ENVIRONMENT
      "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index}"
      COST ${timeout})  # the long ones first
  endforeach()
endfunction()

# One test program: shoal_test(NAME LIBS a b [SOURCES more.cc] [LABELS l]
# [DEFINITIONS D=1] [SHARDS n] [TIMEOUT seconds]). Nothing without
# BUILD_TESTING. The sanitizer build leaves out tests on real models (label
# shared; random and hostile ones serve it better) and of what is printed
# (label text), and does not instrument the tests' own code: it is the code
# under test that is looked at.
function(shoal_test name)
  cmake_parse_arguments(ARG "" "SHARDS;TIMEOUT"
    "LIBS;SOURCES;LABELS;DEFINITIONS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  set_property(GLOBAL PROPERTY shoal_test_${name} ${CMAKE_CURRENT_SOURCE_DIR})
  shoal_is_optimized(${name} optimized)
  if(SHOAL_SANITIZE AND ("shared" IN_LIST ARG_LABELS OR
      "text" IN_LIST ARG_LABELS OR optimized))
    return()
  endif()
  if(name IN_LIST SHOAL_SANITIZED_TESTS AND NOT (SHOAL_SANITIZE OR SHOAL_FOLDER_TESTS))
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${name}.cc ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gtest
    GTest::gtest_main)
  shoal_test_options(${name})
  if(SHOAL_BUNDLE)
    target_precompile_headers(${name} REUSE_FROM shoal_test_headers)
  endif()
  target_compile_definitions(${name} PRIVATE
    SHOAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ${ARG_DEFINITIONS})
  shoal_shards(${name} "${ARG_SHARDS}" ${ARG_TIMEOUT} "${ARG_LABELS}" ${name})
endfunction()

# shoal_tests(LIBS a b [LABEL l...] [ONLY names] [SHARDS n] [TIMEOUT seconds]
# [PROGRAM name]): the *_test.cc of the folder that no call before has taken, as
# one program for all of them (a link takes longer than many tests), the
# folder's or the one named, and one ctest entry each. With a PROGRAM the build
# of single folders is not asked.
function(shoal_tests)
  cmake_parse_arguments(ARG "" "SHARDS;TIMEOUT;PROGRAM" "LIBS;ONLY;LABEL" ${ARGN})
  # Quoted: a folder may have a variable of that name.
  if(NOT BUILD_TESTING OR (SHOAL_SANITIZE AND
      ("shared" IN_LIST ARG_LABEL OR "text" IN_LIST ARG_LABEL)))
    set(skip TRUE)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  file(RELATIVE_PATH program ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/" "_" program ${program}_tests)
  if(ARG_PROGRAM)
    set(program ${ARG_PROGRAM})
  endif()
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  foreach(source ${tests})
    get_filename_component(name ${source} NAME_WE)
    get_property(seen GLOBAL PROPERTY shoal_test_${name})
    if(seen AND NOT seen STREQUAL CMAKE_CURRENT_SOURCE_DIR)
      message(FATAL_ERROR "two tests are named ${name}: ${source} and ${seen}")
    endif()
    if(seen OR (ARG_ONLY AND NOT name IN_LIST ARG_ONLY))
      continue()
    endif()
    set_property(GLOBAL PROPERTY shoal_test_${name}
      ${CMAKE_CURRENT_SOURCE_DIR})
    shoal_is_optimized(${name} optimized)
    if(skip OR (SHOAL_SANITIZE AND optimized) OR
        NOT (SHOAL_FOLDER_TESTS OR ARG_LABEL OR ARG_PROGRAM OR optimized) OR
        (name IN_LIST SHOAL_SANITIZED_TESTS AND NOT (SHOAL_SANITIZE OR SHOAL_FOLDER_TESTS)))
      continue()
    endif()
    if(NOT TARGET ${program})
      add_executable(${program} ${PROJECT_SOURCE_DIR}/tests/one_file.cc)
      target_link_libraries(${program} PRIVATE GTest::gtest)
      shoal_test_options(${program})
      target_compile_definitions(${program} PRIVATE
        SHOAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
      if(SHOAL_BUNDLE)
        target_precompile_headers(${program} REUSE_FROM shoal_test_headers)
        set_target_properties(${program} PROPERTIES UNITY_BUILD ON
          UNITY_BUILD_BATCH_SIZE 60)
      endif()
    endif()
    target_sources(${program} PRIVATE ${source})
    add_custom_target(${name} DEPENDS ${program})
    shoal_shards(${name} "${ARG_SHARDS}" ${ARG_TIMEOUT} "${ARG_LABEL}"
      ${program} ${name}.cc)
    file(STRINGS ${source} long_suites REGEX "^(TEST|INSTANTIATE).*Long,")
    if(long_suites AND NOT SHOAL_SANITIZE)
      add_test(NAME ${name}_long CONFIGURATIONS long
        COMMAND ${program} ${name}.cc)
      set_tests_properties(${name}_long PROPERTIES TIMEOUT 3600
        LABELS "long;${ARG_LABEL}" SKIP_RETURN_CODE 77 ENVIRONMENT SHOAL_LONG=1)
    endif()
  endforeach()
  if(TARGET ${program})
    target_link_libraries(${program} PRIVATE ${ARG_LIBS})
  endif()
endfunction()
