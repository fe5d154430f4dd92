$(TARGET): $(OBJECTS)
	@echo "  $@"
	@$(CXX) $(OBJECTS) -Wl,--gc-sections $(LIBRARIES) -o $@

run: $(TARGET)
	@$(TARGET)

# Goes on with inputs that come on standard input; see app/shoal_app.h.
serve: $(TARGET)
	@$(TARGET) serve

size: $(TARGET)
	@$(SIZE) $(TARGET)
	@echo "of these: program @IMAGE@, arena @ARENA@"
