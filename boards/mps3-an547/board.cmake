# The facts of this board that boards/firmware needs.
set(BOARD_TOOLCHAIN arm-none-eabi)
set(BOARD_CPU_FLAGS -mcpu=cortex-m55 -mthumb -mfloat-abi=hard)
set(BOARD_PARTS startup cortex_m mps2)  # folders of boards/ that it shares
set(BOARD_DEFINITIONS BOARD_UART=0x59303000u BOARD_FLASH=0x70000000u
  BOARD_CLOCK=32000000
  BOARD_NIC=0x51400000u BOARD_NIC_LINE=49)
set(BOARD_STACK_BYTES 4096)
set(BOARD_HANDLER_STACK_BYTES 512)
set(BOARD_NODE_FIXED_BYTES 8992)
