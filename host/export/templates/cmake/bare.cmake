# The application as a library for a project that starts the board: write the
# three functions at the top of app/main.cpp and call shoal_main().
set(app @NAME@)
add_library(${app} STATIC ${sources})
