# What boards/firmware needs to know of this board: it only measures.
set(BOARD_CPU_FLAGS -mcpu=cortex-m4 -mthumb -mfloat-abi=soft)
set(BOARD_PARTS cortex_m mps2)  # folders of boards/ that it shares
set(BOARD_LINK mps2)            # the one with link.ld
set(BOARD_BENCH_ONLY ON)
set(BOARD_STACK_BYTES 4096)
set(BOARD_HANDLER_STACK_BYTES 512)
