#include "host/cli/app.h"

int main(int argc, char** argv) { return shoal::run_app(argc, argv); }
