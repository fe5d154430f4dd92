idf_component_register(SRCS
@SOURCES@
  INCLUDE_DIRS .
  REQUIRES shoal driver esp_timer@REQUIRES_IDF_MAIN@)
set_source_files_properties(program.S PROPERTIES
  COMPILE_OPTIONS -I${CMAKE_CURRENT_LIST_DIR})
