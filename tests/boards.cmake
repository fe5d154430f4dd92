# Tests of firmware: on this computer, and on emulated boards.
if(NOT BUILD_TESTING)
  return()
endif()

# The firmware that tests boot, and where it lies.
set(board_definitions SHOAL_FIRMWARE="${PROJECT_BINARY_DIR}/boards"
  SHOAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
  SHOAL_EXECUTABLE="$<TARGET_FILE:shoal>")

shoal_test(board_firmware_test TIMEOUT 300 SOURCES played_board.cc
  LIBS shoal_firmware shoal_random_net shoal_engine_board shoal_import
  DEFINITIONS ${board_definitions})

# These boot boards. The build's own run of the tests has QEMU and the ARM
# compiler and says so with SHOAL_BOOT=1. One program for all of them; boards
# run their own build of the device code, so sanitizers have none.
function(shoal_board_tests)
  if(NOT SHOAL_SANITIZE)
    shoal_tests(${ARGN} PROGRAM board_tests
      LIBS shoal_command shoal_float_net shoal_random_net shoal_golden
      shoal_bench_node
      shoal_engine_board shoal_engine_virtual shoal_engine_workers
      shoal_engine_local shoal_import shoal_model_builder)
  endif()
endfunction()
shoal_board_tests(ONLY board_boot_test board_leader_test board_network_test board_noise_test
  board_sealed_test board_trouble_test TIMEOUT 300)
shoal_board_tests(ONLY board_kinds_test SHARDS 3 TIMEOUT 300)
shoal_board_tests(ONLY board_golden_test SHARDS 3 TIMEOUT 300 LABEL shared slow)
shoal_board_tests(ONLY engines_test board_cli_test board_discover_test
  TIMEOUT 120)
shoal_board_tests(ONLY board_cores_test TIMEOUT 300 LABEL shared slow)
shoal_board_tests(ONLY board_budget_test board_bench_test TIMEOUT 60)
if(TARGET board_tests AND TARGET firmware_emcraft-sf2)
  add_dependencies(board_tests shoal)
  foreach(id ${SHOAL_BOOTING_BOARDS})
    add_dependencies(board_tests firmware_${id})
  endforeach()
endif()
if(TARGET board_tests)
  target_compile_definitions(board_tests PRIVATE
    SHOAL_FIRMWARE="${PROJECT_BINARY_DIR}/boards")
  set_target_properties(board_tests PROPERTIES UNITY_BUILD_BATCH_SIZE 7)
endif()
# Small models of public reports, one of each kind.
shoal_tool_test(cases_on_boards_test TIMEOUT 300
  COMMAND ${tools}/cases_on_boards.sh ${PROJECT_BINARY_DIR} --sample mps2-an386 qemu-rv32
  LABELS shared PROPERTIES SKIP_RETURN_CODE 77)
shoal_tool_test(case_not_prepared_test TIMEOUT 300
  COMMAND ${PROJECT_SOURCE_DIR}/tests/case_not_prepared.sh ${PROJECT_BINARY_DIR} qemu-rv32
  PROPERTIES SKIP_RETURN_CODE 77)
# ctest --preset long, for what it costs; CI runs its first case.
if(NOT SHOAL_SANITIZE)
  add_executable(board_mobilenet_test board_mobilenet_test.cc)
  target_link_libraries(board_mobilenet_test PRIVATE shoal_command
    shoal_engine_board GTest::gtest GTest::gtest_main)
  shoal_test_options(board_mobilenet_test)
  if(SHOAL_BUNDLE)
    target_precompile_headers(board_mobilenet_test REUSE_FROM shoal_test_headers)
  endif()
  target_compile_definitions(board_mobilenet_test PRIVATE ${board_definitions})
  if(TARGET firmware_emcraft-sf2)
    add_dependencies(board_mobilenet_test shoal)
    foreach(id ${SHOAL_BOOTING_BOARDS})
      add_dependencies(board_mobilenet_test firmware_${id})
    endforeach()
  endif()
  foreach(case nor card mixed alone aloneOnANetwork)
    shoal_tool_test(board_mobilenet_${case} LONG TIMEOUT 600 LABELS shared
      COMMAND board_mobilenet_test --gtest_filter=*/${case}:*.${case}
      PROPERTIES SKIP_RETURN_CODE 77)
  endforeach()
endif()
