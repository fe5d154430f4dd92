// The networks, each from its paper; what differs from it stands in the
// sources. `name` becomes the graph's name, `side` is the picture's.
#pragma once

#include <string>

#include "host/model/graph/graph.h"

namespace shoal::zoo {

Graph alexnet(const std::string& name, int side);
Graph vgg16(const std::string& name, int side);
Graph resnet18(const std::string& name, int side);
Graph resnet50(const std::string& name, int side);
Graph mobilenet_v1(const std::string& name, int side);
Graph mobilenet_v2(const std::string& name, int side);
Graph squeezenet1_0(const std::string& name, int side);
Graph squeezenet1_1(const std::string& name, int side);
// `side` says nothing where the input is no picture.
Graph kwt3(const std::string& name, int side);
Graph deit_tiny(const std::string& name, int side);
Graph ecg_transformer(const std::string& name, int side);

}  // namespace shoal::zoo
