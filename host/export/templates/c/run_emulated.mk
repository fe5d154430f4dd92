@CIPHER@$(TARGET): $(OBJECTS) app/link.ld
	@echo "  $@"
	@$(CXX) $(CPU) -nostartfiles $(LINK_FLAGS) -T app/link.ld -L boards/startup \
	  -Wl,--gc-sections -Wl,--fatal-warnings -Wl,-Map=build/@NAME@.map \
	  -Wl,--defsym=stack_bytes=@STACK_BYTES@ \
	  -Wl,--defsym=handler_stack_bytes=@HANDLER_STACK_BYTES@ \
	  $(OBJECTS) $(CIPHER) $(LIBRARIES) -o $@

QEMU = @QEMU_PROGRAM@
QEMU_OPTIONS = -M @MACHINE@ @QEMU_OPTIONS@ -nographic -monitor none -serial stdio \
  -net none -icount shift=@ICOUNT_SHIFT@

# QEMU ends with 0, with 5 if @DIFFERS@, with 6 if the board refused.
# make then says `Error 5` or `Error 6`, and ends with 2 itself.
run: $(TARGET)
	@$(QEMU) $(QEMU_OPTIONS) -kernel $(TARGET) \
	  -semihosting-config enable=on,target=native </dev/null

# @SERVE_SAYS@
serve: $(TARGET)
	@rm -f build/serial
	@$(QEMU) -M @MACHINE@@SERVE_MACHINE@@SERVE_MEMORY@ @QEMU_OPTIONS@ -nographic -monitor none -net none \
	  -icount shift=@ICOUNT_SHIFT@ @SERVE_LINE@ -kernel $(TARGET) \
	  -semihosting-config enable=on,target=native,arg=@NAME@,arg=serve

size: $(TARGET)
	@$(SIZE) $(TARGET)
	@echo "of these: program @IMAGE@, arena @ARENA@"
