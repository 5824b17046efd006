#include "train/record/run_report.h"

namespace manyshot::train {

Json to_json(const RunReport& report) {
  return {{"steps", report.steps},
          {"samples", report.samples},
          {"tokens", report.tokens},
          {"seconds", report.seconds},
          {"flops", report.flops},
          {"utilisation", report.utilisation},
          {"loss", report.loss},
          {"evaluation", report.evaluation},
          {"general_ability", {{"before", report.ability.before}, {"after", report.ability.after}}},
          {"checkpoint", report.checkpoint},
          {"best_checkpoint", report.best_checkpoint}};
}

}  // namespace manyshot::train
