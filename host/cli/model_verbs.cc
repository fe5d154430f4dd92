#include "host/cli/model_verbs.h"

#include <CLI/CLI.hpp>

namespace shoal {
namespace {

void add_data(CLI::App* verb, EvaluateFlags& f) {
  verb->add_option("DATASET", f.data,
                   "Folder with a folder of pictures per class, or IDX files");
  verb->add_option("--which", f.which,
                   "Pair of IDX files to use, such as t10k");
  verb->add_option("--limit", f.limit,
                   "Use a sample of N frames, the same every time")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  verb->add_option("--labels", f.labels,
                   "Labels of the model's outputs, one a line");
  verb->add_option("--label-offset", f.label_offset,
                   "Class c of the data is output c + N [0]")
      ->check(CLI::Range(-65535, 65535));
}

void add_heads(CLI::App* verb, EvaluateFlags& f) {
  verb->add_option("--truth", f.truth,
                   "COCO .json, or a folder of YOLO .txt or of mask .png");
  verb->add_option("--task", f.task, "classify, detect or segment [guessed]")
      ->check(one_of({"classify", "detect", "segment"}));
  verb->add_option("--head", f.head,
                   "How to read the outputs: ssd, yolov8, ... [guessed]");
  verb->add_option("--score", f.score, "Least score of a box")
      ->capture_default_str();
  verb->add_option(
      "--overlap", f.overlap,
      "IoU above which two boxes are one object [0.45; ssd: file]");
  verb->add_option("--anchors", f.anchors,
                   "Anchors w,h,... in pixels, finest grid first [COCO]")
      ->delimiter(',');
}

}  // namespace

void add_evaluate(CLI::App& app, EvaluateFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "evaluate", "Measure the accuracy of a model over labelled pictures",
      "shoal evaluate model.tflite DIR --which t10k\n"
      "  shoal evaluate model.tflite pictures/ --nodes 8 --ram 32K --limit "
      "100\n"
      "  shoal evaluate model.tflite pictures/ --resume run.journal -o c.csv\n"
      "  shoal evaluate --store DIR pictures/\n"
      "  mpirun -n 16 shoal evaluate --mpi model.tflite pictures/\n"
      "  shoal evaluate detector.tflite val2017/ --truth "
      "instances_val2017.json\n"
      "  shoal evaluate mask.tflite pictures/ --truth masks/");
  add_optional_model(verb, f.model, f.ends,
                     "Model, .tflite, .onnx or zoo:NAME; absent with --store");
  add_data(verb, f);
  add_heads(verb, f);
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_network_flags(verb, f.network);
  add_worker_flags(verb, f.cluster);
  add_on_loss(verb, f.cluster);
  add_picture_flags(verb, f.pictures);
  verb->add_option("--jobs", f.jobs,
                   "Threads [one per core; with --mpi one per rank]")
      ->check(CLI::Range(1, 1024));
  add_mpi(verb, f.mpi, f.cluster.node_timeout);
  verb->add_option("--resume", f.resume,
                   "Journal of answers; those it has are not run again");
  add_wait_flag(verb, f.plan.wait);
  add_html(verb, f.html);
  verb->add_option("-o,--output", f.output,
                   "Write the results as CSV, or the boxes found as .json");
  add_json(verb, f.json);
  verb->callback([&] {
    if (f.data.empty() && !f.plan.storage.store.empty()) f.data.swap(f.model);
    code = evaluate_command(f);
  });
}

}  // namespace shoal
