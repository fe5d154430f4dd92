set(app @NAME@)
add_executable(${app} ${sources})
add_custom_target(run COMMAND ${app} USES_TERMINAL VERBATIM)
