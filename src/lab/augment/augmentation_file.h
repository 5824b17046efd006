// Augmented texts on disk, one a line, each with what the closed world says of it (docs/formats/lab-results.md).
#pragma once

#include <string>

#include "lab/augment/audit.h"
#include "lab/augment/augmentation.h"

namespace manyshot::lab {

struct AugmentedData {
  Augmentation augmentation;
  Audit audit;
};

void write_augmentation(const Augmentation& augmentation, const LabData& data, const std::string& path);
// Throws Error(kCorruptFile) naming file and line.
AugmentedData read_augmentation(const std::string& path, const LabData& data);

}  // namespace manyshot::lab
