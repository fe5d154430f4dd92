# The facts of this board that boards/firmware needs.
set(BOARD_TOOLCHAIN arm-none-eabi)
set(BOARD_CPU_FLAGS -mcpu=cortex-m7 -mthumb -mfloat-abi=soft)
set(BOARD_PARTS startup cortex_m mps2)  # folders of boards/ that it shares
set(BOARD_LINK mps2)                    # the one with link.ld
set(BOARD_DEFINITIONS BOARD_UART=0x40004000u BOARD_FLASH=0x60000000u
  BOARD_CLOCK=25000000
  BOARD_NIC=0xA0000000u BOARD_NIC_LINE=13)
set(BOARD_STACK_BYTES 4096)
set(BOARD_HANDLER_STACK_BYTES 512)
set(BOARD_NODE_FIXED_BYTES 8992)
