# Tests of firmware: on this computer, and on emulated boards.
if(NOT BUILD_TESTING)
  return()
endif()

# The firmware that tests boot, and where it lies.
set(board_definitions SHOAL_BUILD="${PROJECT_BINARY_DIR}"
  SHOAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
  SHOAL_EXECUTABLE="$<TARGET_FILE:shoal>")

function(shoal_board_test name)
  cmake_parse_arguments(ARG "BOOTS" "TIMEOUT;SHARDS" "SOURCES;LIBS;LABELS"
    ${ARGN})
  if(ARG_BOOTS AND SHOAL_SANITIZE)
    return()  # boards run their own build of the device code
  endif()
  shoal_test(${name} SOURCES ${ARG_SOURCES} LABELS ${ARG_LABELS}
    LIBS ${ARG_LIBS} shoal_engine_board shoal_import
    DEFINITIONS ${board_definitions} TIMEOUT ${ARG_TIMEOUT}
    SHARDS ${ARG_SHARDS})
  if(ARG_BOOTS AND TARGET firmware_emcraft-sf2)
    add_dependencies(${name} firmware_emcraft-sf2 shoal)
    if(name MATCHES "^board_(bench|budget|discover|kinds|network|noise|sealed|trouble)_test$")
      foreach(id ${SHOAL_BOOTING_BOARDS})
        add_dependencies(${name} firmware_${id})
      endforeach()
    endif()
  endif()
endfunction()

shoal_board_test(board_firmware_test TIMEOUT 300
  SOURCES played_board.cc
  LIBS shoal_firmware shoal_random_net)

# These boot boards. The build's own run of the tests has QEMU and the ARM
# compiler and says so with SHOAL_BOOT=1.
shoal_board_test(board_boot_test BOOTS TIMEOUT 300
  LIBS shoal_random_net)
shoal_board_test(board_kinds_test BOOTS SHARDS 3 TIMEOUT 300
  LIBS shoal_random_net)
shoal_board_test(engines_test BOOTS TIMEOUT 120
  LIBS shoal_engine_virtual shoal_engine_workers shoal_engine_local
  shoal_model_builder)
shoal_board_test(board_budget_test BOOTS TIMEOUT 60)
shoal_board_test(board_golden_test BOOTS SHARDS 3 TIMEOUT 300
  LIBS shoal_golden LABELS shared slow)
shoal_board_test(board_cli_test BOOTS TIMEOUT 120 LIBS shoal_command shoal_random_net shoal_golden)
shoal_board_test(board_network_test BOOTS TIMEOUT 300
  LIBS shoal_command shoal_random_net)
shoal_board_test(board_discover_test BOOTS TIMEOUT 120
  LIBS shoal_command shoal_random_net shoal_engine_workers)
shoal_board_test(board_noise_test BOOTS TIMEOUT 300
  LIBS shoal_command shoal_random_net shoal_engine_workers)
shoal_board_test(board_sealed_test BOOTS TIMEOUT 300
  LIBS shoal_command shoal_random_net shoal_engine_workers)
shoal_board_test(board_trouble_test BOOTS TIMEOUT 300
  LIBS shoal_command shoal_random_net shoal_engine_workers)
shoal_board_test(board_bench_test BOOTS TIMEOUT 60 LIBS shoal_bench_node)
# ctest --preset long, for what it costs; CI runs its first case.
if(NOT SHOAL_SANITIZE)
  add_executable(board_mobilenet_test board_mobilenet_test.cc)
  target_link_libraries(board_mobilenet_test PRIVATE shoal_command
    shoal_engine_board GTest::gtest GTest::gtest_main)
  shoal_test_options(board_mobilenet_test)
  target_compile_definitions(board_mobilenet_test PRIVATE ${board_definitions})
  if(TARGET firmware_emcraft-sf2)
    add_dependencies(board_mobilenet_test shoal)
    foreach(id ${SHOAL_BOOTING_BOARDS})
      add_dependencies(board_mobilenet_test firmware_${id})
    endforeach()
  endif()
  foreach(case nor card mixed alone aloneOnANetwork)
    add_test(NAME board_mobilenet_${case} COMMAND board_mobilenet_test
      --gtest_filter=*/${case}:*.${case} CONFIGURATIONS long)
    set_tests_properties(board_mobilenet_${case} PROPERTIES TIMEOUT 600
      LABELS "long;shared" SKIP_RETURN_CODE 77)
  endforeach()
endif()
