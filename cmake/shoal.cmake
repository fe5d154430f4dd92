# One library per folder: shoal_library(NAME DIR-RELATIVE DEPS...) takes every
# .cc beside it but the tests; every foo_test.cc becomes the test foo_test,
# with the folder's labels.
set(SHOAL_WARNINGS -Wall -Wextra -Wpedantic -Werror)
# GCC 12 warns of overlapping copies inside std::string (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  list(APPEND SHOAL_WARNINGS -Wno-restrict -Wno-stringop-overread)
endif()

option(SHOAL_SANITIZE "the build is for sanitizers" OFF)
option(SHOAL_BUNDLE "the host's files are compiled in bundles: half the time"
  ${SHOAL_SANITIZE})

function(shoal_library name)
  cmake_parse_arguments(ARG "DEVICE" "" "DEPS;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  foreach(pattern ${ARG_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX "${pattern}")
  endforeach()
  if(sources)
    add_library(shoal_${name} STATIC ${sources})
    target_include_directories(shoal_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(shoal_${name} PUBLIC ${ARG_DEPS})
    target_compile_options(shoal_${name} PRIVATE ${SHOAL_WARNINGS})
    set_target_properties(shoal_${name} PROPERTIES UNITY_BUILD_BATCH_SIZE 6)
    if(SHOAL_BUNDLE AND NOT ARG_DEVICE)
      set_target_properties(shoal_${name} PROPERTIES UNITY_BUILD ON)
    endif()
    if(ARG_DEVICE)
      target_compile_options(shoal_${name} PRIVATE
        -Wconversion -fno-exceptions -fno-rtti)
    endif()
  else()
    add_library(shoal_${name} INTERFACE)
    target_include_directories(shoal_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(shoal_${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

# One test program: shoal_test(NAME LIBS a b [SOURCES more.cc] [LABELS l]
# [DEFINITIONS D=1] [SHARDS n] [TIMEOUT seconds]). Nothing without
# BUILD_TESTING. The sanitizer build leaves out tests on real models (random
# and hostile ones serve it better) and does not instrument the tests'
# own code: it is the code under test that is looked at.
function(shoal_test name)
  cmake_parse_arguments(ARG "" "SHARDS;TIMEOUT"
    "LIBS;SOURCES;LABELS;DEFINITIONS" ${ARGN})
  if(NOT BUILD_TESTING OR (SHOAL_SANITIZE AND shared IN_LIST ARG_LABELS))
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${name}.cc ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gtest
    GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${SHOAL_WARNINGS} -O1)
  if(SHOAL_SANITIZE)
    target_compile_options(${name} PRIVATE -O0 -fno-sanitize=all)
  endif()
  target_compile_definitions(${name} PRIVATE
    SHOAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ${ARG_DEFINITIONS})
  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  foreach(shard RANGE 1 ${ARG_SHARDS})  # they run side by side
    set(test ${name})
    if(ARG_SHARDS GREATER 1)
      set(test ${name}_${shard})
    endif()
    math(EXPR index "${shard} - 1")
    add_test(NAME ${test} COMMAND ${name})
    set_tests_properties(${test} PROPERTIES TIMEOUT ${ARG_TIMEOUT}
      LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77 ENVIRONMENT
      "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

# shoal_tests(LIBS a b [LABEL l] [ONLY names] [TIMEOUT seconds]): shoal_test
# for each *_test.cc of the folder that has none yet.
function(shoal_tests)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "LIBS;ONLY" ${ARGN})
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  foreach(source ${tests})
    get_filename_component(name ${source} NAME_WE)
    get_property(seen GLOBAL PROPERTY shoal_test_${name})
    if(seen OR (ARG_ONLY AND NOT name IN_LIST ARG_ONLY))
      continue()
    endif()
    set_property(GLOBAL PROPERTY shoal_test_${name} TRUE)
    shoal_test(${name} LIBS ${ARG_LIBS} LABELS ${ARG_LABEL}
      TIMEOUT ${ARG_TIMEOUT})
  endforeach()
endfunction()
