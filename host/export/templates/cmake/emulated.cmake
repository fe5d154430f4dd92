set(app @NAME@)
add_executable(${app} ${sources})
set_target_properties(${app} PROPERTIES SUFFIX .elf
  LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/app/link.ld)
target_compile_definitions(${app} PRIVATE BOARD_NAME="@BOARD@" @DEFINES@)
target_link_directories(${app} PRIVATE ${CMAKE_CURRENT_LIST_DIR}
  ${CMAKE_CURRENT_LIST_DIR}/boards/startup)
target_link_options(${app} PRIVATE -nostartfiles ${SHOAL_LINK_FLAGS}
  "-T${CMAKE_CURRENT_LIST_DIR}/app/link.ld" -Wl,--gc-sections
  -Wl,--fatal-warnings -Wl,--defsym=stack_bytes=@STACK_BYTES@
  -Wl,--defsym=handler_stack_bytes=@HANDLER_STACK_BYTES@)
set(options @QEMU_OPTIONS@ -nographic -monitor none
  -net none -icount shift=@ICOUNT_SHIFT@
  -kernel $<TARGET_FILE:${app}>)
# QEMU ends with 0, 5 (@DIFFERS@) or 6 (the board refused).
add_custom_target(run COMMAND @QEMU_PROGRAM@ -M @MACHINE@ ${options} -serial stdio -semihosting-config
  enable=on,target=native DEPENDS ${app} USES_TERMINAL VERBATIM)
# @SERVE_SAYS@
add_custom_target(serve COMMAND @QEMU_PROGRAM@
  -M @MACHINE@@SERVE_MACHINE@@SERVE_MEMORY@ ${options} @SERVE_LINE@ -semihosting-config
  enable=on,target=native,arg=@NAME@,arg=serve DEPENDS ${app} USES_TERMINAL
  VERBATIM)
