# The facts of this board that boards/firmware needs.
set(BOARD_TOOLCHAIN arm-none-eabi)
set(BOARD_CPU_FLAGS -mcpu=cortex-m3 -mthumb)
set(BOARD_PARTS startup cortex_m sd)  # folders of boards/ that it shares
set(BOARD_STACK_BYTES 4096)
set(BOARD_HANDLER_STACK_BYTES 512)
set(BOARD_DRIVER_BYTES 576)  # with a sector of the card
# On a network.
set(BOARD_NODE_FIXED_BYTES 9536)
set(BOARD_NODE_PEERS 16)
set(BOARD_NODE_TICK_BITS 16)
set(BOARD_NET_DEFINITIONS SHOAL_SMALL_NET)
