$(TARGET): $(OBJECTS)
	@echo "  $@"
	@$(CXX) $(OBJECTS) -Wl,--gc-sections $(LIBRARIES) -o $@

run: $(TARGET)
	@$(TARGET)

# @SERVE_SAYS@
serve: $(TARGET)
	@$(TARGET) serve @SERVE_PATH@

size: $(TARGET)
	@$(SIZE) $(TARGET)
	@echo "of these: program @IMAGE@, arena @ARENA@"
