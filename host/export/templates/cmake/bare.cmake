# The application as a library for a project that starts the board: write the
# three functions that app/main.cpp declares and call shoal_main().
set(app @NAME@)
add_library(${app} STATIC ${sources})
