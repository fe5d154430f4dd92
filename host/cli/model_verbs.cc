#include "host/cli/model_verbs.h"

#include <CLI/CLI.hpp>

namespace shoal {
namespace {

void add_data(CLI::App* verb, EvaluateFlags& f) {
  verb->add_option("DATASET", f.data,
                   "a folder of pictures for each class, or IDX files: their "
                   "folder, or the one of the pictures");
  verb->add_option("--which", f.which,
                   "of several pairs of IDX files in a folder, such as t10k");
  verb->add_option("--limit", f.limit,
                   "only a sample of so many frames, the same every time")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  verb->add_option("--labels", f.labels,
                   "one label a line, of the model's outputs in order");
  verb->add_option("--label-offset", f.label_offset,
                   "class c of the data is output c + this (0; 1 for models "
                   "whose output 0 is the background)")
      ->check(CLI::Range(-65535, 65535));
}

void add_heads(CLI::App* verb, EvaluateFlags& f) {
  verb->add_option("--truth", f.truth,
                   "boxes: FILE.json of COCO instances, or a folder of YOLO's "
                   "NAME.txt (absent: beside the pictures or in labels/); "
                   "masks: a folder of NAME.png with the classes' numbers");
  verb->add_option("--task", f.task, "classify, detect or segment (guessed)")
      ->check(CLI::IsMember({"classify", "detect", "segment"}));
  verb->add_option("--head", f.head,
                   "how outputs are read: ssd, yolov8, mask, ... (guessed)");
  verb->add_option("--score", f.score, "of a box at least")
      ->capture_default_str();
  verb->add_option("--overlap", f.overlap,
                   "intersection over union of two boxes of one thing (0.45; "
                   "ssd: the file's)");
  verb->add_option("--anchors", f.anchors,
                   "w,h,... of outputs that are maps of anchors (COCO's)")
      ->delimiter(',');
}

}  // namespace

void add_evaluate(CLI::App& app, EvaluateFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "evaluate",
      "Accuracy of a classifier, detector or mask over labelled pictures",
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
                     "; float, .onnx or .tflite; none to evaluate the store of "
                     "--store");
  add_data(verb, f);
  add_heads(verb, f);
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_network_flags(verb, f.network);
  add_worker_flags(verb, f.cluster);
  add_picture_flags(verb, f.pictures);
  verb->add_option("--jobs", f.jobs,
                   "threads (as many as there are cores; of each rank: one)")
      ->check(CLI::Range(1, 1024));
  add_mpi(verb, f.mpi, f.cluster.node_timeout);
  verb->add_option("--resume", f.resume,
                   "journal of the answers: made if it is not there, else "
                   "what it knows is not run again");
  add_wait_flag(verb, f.plan.wait);
  verb->add_option("-o,--output", f.output,
                   "write the confusion matrix as CSV; of boxes and masks the "
                   "classes, of boxes to FILE.json all that were found, in "
                   "COCO's form");
  add_json(verb, f.json);
  verb->callback([&] {
    if (f.data.empty() && !f.plan.storage.store.empty()) f.data.swap(f.model);
    code = evaluate_command(f);
  });
}

}  // namespace shoal
