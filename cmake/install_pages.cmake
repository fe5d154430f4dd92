# Installs shoal's manual pages and completion scripts, which it prints itself.
# Needs `shoal`, the program; `pages`, a folder to write to; `man` and `data`,
# folders below the prefix.
file(REMOVE_RECURSE ${pages})
file(MAKE_DIRECTORY ${pages})
foreach(shell bash zsh fish)
  execute_process(COMMAND ${shoal} completion ${shell}
    OUTPUT_FILE ${pages}/completion.${shell} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
execute_process(COMMAND ${shoal} --help OUTPUT_VARIABLE help
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n  [a-z][a-z-]+  " lines "${help}")
execute_process(COMMAND ${shoal} man OUTPUT_FILE ${pages}/shoal.1
  COMMAND_ERROR_IS_FATAL ANY)
foreach(line ${lines})
  string(STRIP "${line}" verb)
  execute_process(COMMAND ${shoal} man ${verb}
    OUTPUT_FILE ${pages}/shoal-${verb}.1 COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(GLOB manuals ${pages}/*.1)
set(root ${CMAKE_INSTALL_PREFIX})
file(INSTALL ${manuals} DESTINATION ${root}/${man}/man1)
file(INSTALL ${pages}/completion.bash RENAME shoal
  DESTINATION ${root}/${data}/bash-completion/completions)
file(INSTALL ${pages}/completion.zsh RENAME _shoal
  DESTINATION ${root}/${data}/zsh/site-functions)
file(INSTALL ${pages}/completion.fish RENAME shoal.fish
  DESTINATION ${root}/${data}/fish/vendor_completions.d)
