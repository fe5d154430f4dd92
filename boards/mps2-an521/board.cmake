# The facts of this board that boards/firmware needs.
set(BOARD_TOOLCHAIN arm-none-eabi)
set(BOARD_CPU_FLAGS -mcpu=cortex-m33 -mthumb -mfloat-abi=soft)
set(BOARD_PARTS startup cortex_m mps2)  # folders of boards/ that it shares
set(BOARD_LINK mps2-an505)
set(BOARD_DEFINITIONS BOARD_UART=0x50200000u BOARD_FLASH=0x80000000u
  BOARD_CLOCK=20000000
  BOARD_NIC=0x52000000u BOARD_NIC_LINE=48)
set(BOARD_STACK_BYTES 4096)
set(BOARD_HANDLER_STACK_BYTES 512)
set(BOARD_NODE_FIXED_BYTES 12768)
set(BOARD_CORES 2)
set(BOARD_DRIVER_BYTES 3712)  # most of it stacks of the second core
