$(TARGET): $(OBJECTS)
	rm -f $@
	$(CROSS)ar rcs $@ $(OBJECTS)

run serve: $(TARGET)
	@echo "$(TARGET) is built for @BOARD_TITLE@. Write the three functions that"
	@echo "app/main.cpp declares in a file of yours outside this folder, call shoal_main() from your main(), link it with this"
	@echo "library and your board's start-up code, and flash that."

size: $(TARGET)
	@$(SIZE) -t $(TARGET) | tail -n 1
	@echo "of these: program @IMAGE@, arena @ARENA@"
